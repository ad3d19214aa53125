import type { Database, Tx } from "../database.ts";
import { describeError, type Log } from "../log.ts";
import type { Run, RunEngine } from "../runs/run-engine.ts";
import type { AppendResult, StreamStore } from "../streams/stream-store.ts";
import type { CreateSession, UpdateSession } from "../wire/session-bodies.ts";
import { sessionKey, sessionStream } from "../wire/stream-names.ts";
import { ensureRun, startRun } from "./ensure-run.ts";
import { groupedInputs, type GroupedInputs } from "./input-appends.ts";
import { findSession, insertSession, lockSession, updateSession, writeThrough } from "./session-store.ts";
import { assertOpen, idsOf, type Session, type SessionIdentity } from "./session.ts";

export type SessionDeps = {
  db: Database;
  streams: StreamStore;
  runs: Pick<
    RunEngine,
    "create" | "find" | "isFinal" | "cancel" | "cancelSoon" | "wakeStream" | "purgeSession"
  >;
  log: Log;
};

const maxIdentities = 10_000;

/** What callers do with sessions. Every change of one session happens under its lock. */
export class SessionService {
  private readonly inputs: GroupedInputs;
  private readonly identities = new Map<string, SessionIdentity>();

  constructor(private readonly deps: SessionDeps) {
    this.inputs = groupedInputs(deps.db);
  }

  find(key: string): Promise<Session | null> {
    return findSession(this.deps.db, key);
  }

  /** The two ids of a session, which never change: asked of the database once. */
  async identify(key: string): Promise<SessionIdentity | null> {
    const known = this.identities.get(key);
    if (known) return known;
    const session = await this.find(key);
    if (!session) return null;
    if (this.identities.size >= maxIdentities) this.identities.clear();
    const identity = { id: session.id, externalId: session.externalId };
    this.identities.set(key, identity);
    return identity;
  }

  /**
   * The session for this body, with a live run. `isCached`: it was there already; then what the body brings holds for future runs.
   * Throws SessionUnavailable for a closed or expired one, before any run is started.
   */
  async create(body: CreateSession): Promise<{ session: Session; run: Run; isCached: boolean }> {
    return this.deps.db.transaction(async (tx) => {
      const inserted = await insertSession(tx, body);
      const known = inserted ?? (await findSession(tx, body.externalId ?? ""));
      if (!known) throw new Error("A session could be neither inserted nor found.");
      let session = await lockSession(tx, known.id);
      assertOpen(session);
      if (!inserted) session = await writeThrough(tx, session.id, body);
      const run = await ensureRun(tx, this.deps.runs, session);
      if (inserted)
        tx.afterCommit(() => this.deps.log.info("session.created", { ...idsOf(session), runId: run.id }));
      return { session: { ...session, currentRunId: run.id }, run, isCached: !inserted };
    });
  }

  /**
   * Appends to `.in`: a live run is ensured first, waiting runs are woken, and all of it is committed before the answer.
   * A run that cannot be started does not lose the record. Throws SessionUnavailable.
   */
  async appendInput(identity: SessionIdentity, body: string, partId: string): Promise<AppendResult> {
    const { streams } = this.deps;
    const stream = sessionStream(sessionKey(identity), "in");
    const result = await this.inputs.run({ sessionId: identity.id, stream, body, partId });
    if (!result) return this.appendAndWake(identity.id, stream, body, partId);
    streams.appended(stream, result, [{ body }]);
    return result;
  }

  private async appendAndWake(
    sessionId: string,
    stream: string,
    body: string,
    partId: string,
  ): Promise<AppendResult> {
    const { db, streams, runs } = this.deps;
    return db.transaction(async (tx) => {
      const session = await lockSession(tx, sessionId);
      assertOpen(session);
      await this.ensureRunOrLog(tx, session);
      const result = await streams.append(stream, [{ body }], { tx, partId });
      // Also for a repeated part id: the first try may have died between the record and its waking.
      await runs.wakeStream(tx, stream);
      return result;
    });
  }

  /** Hands the session from the calling run to a new one; `swapped` is false when another run is already the current one. Null: no such run. */
  async endAndContinue(
    sessionId: string,
    callingRunId: string,
  ): Promise<{ runId: string | null; swapped: boolean } | null> {
    const { db, runs } = this.deps;
    return db.transaction(async (tx) => {
      const session = await lockSession(tx, sessionId);
      assertOpen(session);
      const calling = await runs.find(callingRunId, tx);
      if (calling?.sessionId !== session.id) return null;
      if (session.currentRunId !== callingRunId) return { runId: session.currentRunId, swapped: false };
      const run = await startRun(tx, runs, session, callingRunId);
      return { runId: run.id, swapped: true };
    });
  }

  update(sessionId: string, body: UpdateSession): Promise<Session> {
    return this.deps.db.transaction(async (tx) => {
      await lockSession(tx, sessionId);
      return updateSession(tx, sessionId, body);
    });
  }

  private async ensureRunOrLog(tx: Tx, session: Session): Promise<void> {
    try {
      await tx.savepoint(() => ensureRun(tx, this.deps.runs, session));
    } catch (error) {
      this.deps.log.error("session.run_not_started", { ...idsOf(session), error: describeError(error) });
    }
  }
}
