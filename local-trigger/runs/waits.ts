import { lockKey, type Tx } from "../database.ts";
import type { NewRecord, StreamStore } from "../streams/stream-store.ts";
import { openEnvelope } from "../wire/session-records.ts";
import { durationMs, momentAfter } from "./duration.ts";
import type { RunCore } from "./run-core.ts";
import type { RunRow } from "./run-rows.ts";
import { findRun } from "./run-store.ts";
import { isFinalStatus } from "./run-status.ts";
import type { Run } from "./run.ts";
import { takesSlot } from "./slots.ts";
import { firstRecordAfter } from "./stream-tail.ts";
import { TIMED_OUT, toCompleted, type Waitpoint, type WaitpointResult } from "./waitpoint.ts";
import {
  blockedBy,
  blockersOf,
  clearBlockers,
  completeWaitpoint,
  deleteWaitpointsOfBatch,
  findWaitpoint,
  insertBatchBlockers,
  insertBlocker,
  insertWaitpoint,
  lockWaitpoint,
  pendingWaitpointsOfStream,
  resultOf,
  setChildOfItem,
  type BatchPlace,
} from "./waitpoint-store.ts";

const KEY_TTL_MS = 30 * 86_400_000;
const TOKEN_TIMEOUT_MS = 600_000;

export type WaitOptions = {
  /** "30s", "10m", "1h", "7d", or an ISO date. */
  timeout?: string;
  idempotencyKey?: string;
  idempotencyKeyTTL?: string;
  tags?: string[];
};

export type StreamWaitpointInput = WaitOptions & {
  stream: string;
  /** The `session_…` id of the session that the stream belongs to, if any; its lock guards the race check. */
  sessionId?: string;
  /** The last record that the run has read; without it any record counts. */
  afterSeq?: number;
};

/** Runs that stand still: what they wait for, and what lets them go on. */
export class Waits {
  private readonly core: RunCore;
  private readonly streams: StreamStore;

  constructor(core: RunCore, streams: StreamStore) {
    this.core = core;
    this.streams = streams;
    core.timers.on("waitpoint", async (timer, done) => {
      await core.db.transaction(async (tx) => {
        await this.timeIsUp(tx, timer.subject);
        await done(tx);
      });
    });
    core.onRunTimer("resume", async (tx, run) => {
      await this.resume(tx, run);
    });
  }

  /**
   * A waitpoint that the next record of a stream completes. Under the session's lock, so that an append comes either
   * before (and is found here) or after (and finds the waitpoint). Null when there is no such run.
   */
  async onStream(
    runId: string,
    input: StreamWaitpointInput,
  ): Promise<{ waitpointId: string; isCached: boolean } | null> {
    if (!(await findRun(this.core.db, runId))) return null;
    return this.core.db.transaction(async (tx) => {
      await lockKey(
        tx,
        input.sessionId === undefined ? inputKey(input.stream) : `session:${input.sessionId}`,
      );
      const timeoutAt = momentAfter(input.timeout) ?? undefined;
      const { waitpoint, isCached } = await insertWaitpoint(tx, {
        type: "MANUAL",
        runId,
        stream: input.stream,
        ...(input.sessionId === undefined ? {} : { sessionId: input.sessionId }),
        ...(input.afterSeq === undefined ? {} : { afterSeq: input.afterSeq }),
        ...(timeoutAt ? { timeoutAt } : {}),
        ...common(input, `run:${runId}`),
      });
      if (!isCached) {
        await this.armTimeout(tx, waitpoint);
        await this.completeFromStream(tx, waitpoint);
      }
      return { waitpointId: waitpoint.id, isCached };
    });
  }

  /** Completes every waitpoint of the stream that has got its record. Inside the append's transaction, after the append. */
  async wakeStream(tx: Tx, stream: string): Promise<void> {
    for (const waitpoint of await pendingWaitpointsOfStream(tx, stream))
      await this.completeFromStream(tx, waitpoint);
  }

  /** Appends to an input stream of a run, and completes what waits for it. */
  async appendInput(stream: string, record: NewRecord, partId: string): Promise<void> {
    await this.core.db.transaction(async (tx) => {
      await lockKey(tx, inputKey(stream));
      await this.streams.append(stream, [record], { tx, partId });
      await this.wakeStream(tx, stream);
    });
  }

  /** A waitpoint that somebody outside completes, by default within ten minutes. */
  async createToken(options: WaitOptions): Promise<{ waitpoint: Waitpoint; isCached: boolean }> {
    return this.core.db.transaction(async (tx) => {
      const timeoutAt = momentAfter(options.timeout) ?? new Date(Date.now() + TOKEN_TIMEOUT_MS);
      const made = await insertWaitpoint(tx, { type: "MANUAL", timeoutAt, ...common(options, "token") });
      if (!made.isCached) await this.armTimeout(tx, made.waitpoint);
      return made;
    });
  }

  /** False when there is no such waitpoint; completing twice changes nothing. */
  async complete(waitpointId: string, result: WaitpointResult): Promise<boolean> {
    return this.core.db.transaction(async (tx) => {
      await this.finish(tx, waitpointId, result);
      return (await findWaitpoint(tx, waitpointId)) !== null;
    });
  }

  /** Blocks the run until the waitpoint is complete, or lets it go on at once. False when one of them is unknown. */
  async waitFor(runId: string, waitpointId: string): Promise<boolean> {
    const done = await this.core.change(runId, async (tx, run) => {
      if (!(await lockWaitpoint(tx, waitpointId))) return false;
      await this.block(tx, run, waitpointId);
      return true;
    });
    return done ?? false;
  }

  /** Blocks the run until a moment. Null when there is no such run. */
  async waitUntil(runId: string, date: Date, options: WaitOptions): Promise<Waitpoint | null> {
    return this.core.change(runId, async (tx, run) => {
      const input = {
        type: "DATETIME" as const,
        runId,
        completedAfter: date,
        ...common(options, `run:${runId}`),
      };
      const { waitpoint, isCached } = await insertWaitpoint(tx, input);
      if (!isCached) await this.core.timers.set(tx, "waitpoint", waitpoint.id, { at: date });
      await this.block(tx, run, waitpoint.id);
      return waitpoint;
    });
  }

  /** Blocks a locked parent until a locked child has ended. */
  async waitForChild(tx: Tx, parent: RunRow, child: Run, result: WaitpointResult | null): Promise<void> {
    const { waitpoint } = await insertWaitpoint(tx, { type: "RUN", runId: parent.id, childRunId: child.id });
    if (result) await completeWaitpoint(tx, waitpoint.id, result);
    await this.block(tx, parent, waitpoint.id);
  }

  /** Blocks a locked parent until every item of a batch has become a run, and all these runs have ended. */
  async waitForBatch(tx: Tx, parent: RunRow, batch: { id: string; runCount: number }): Promise<void> {
    await insertBatchBlockers(tx, parent.id, batch);
    if (parent.executionStatus !== "EXECUTING_WITH_WAITPOINTS")
      await this.core.apply(tx, parent, { type: "blocked" });
  }

  /** Lets a locked parent go on that waits for a batch whose items do not come. */
  async forgetBatch(tx: Tx, parent: RunRow, batchId: string): Promise<void> {
    await deleteWaitpointsOfBatch(tx, parent.id, batchId);
    if (parent.executionStatus !== "EXECUTING_WITH_WAITPOINTS") return;
    if ((await blockersOf(tx, parent.id)).length > 0) await this.resume(tx, parent);
    else await this.core.apply(tx, parent, { type: "resumed" });
  }

  /** Ties what a parent waits for to a locked child; one that has ended already counts at once. */
  async bindToChild(tx: Tx, place: BatchPlace, child: Run): Promise<void> {
    const waitpointId = await setChildOfItem(tx, place, child.id);
    if (waitpointId && isFinalStatus(child.status)) await this.finish(tx, waitpointId, resultOf(child));
  }

  private async block(tx: Tx, run: RunRow, waitpointId: string): Promise<void> {
    await insertBlocker(tx, run.id, waitpointId, null);
    if (await this.resume(tx, run)) return;
    if (run.executionStatus !== "EXECUTING_WITH_WAITPOINTS")
      await this.core.apply(tx, run, { type: "blocked" });
  }

  /** Lets a locked run go on once nothing that it waits for is left; false while something is. */
  private async resume(tx: Tx, run: RunRow): Promise<boolean> {
    const blockers = await blockersOf(tx, run.id);
    if (blockers.length === 0 || blockers.some(({ status }) => status === "PENDING")) return false;
    if (run.executionStatus === "EXECUTING_WITH_WAITPOINTS" && !(await takesSlot(tx, run))) return false;
    await clearBlockers(tx, run.id);
    const completedWaitpoints = blockers.map((waitpoint) => toCompleted(waitpoint, waitpoint.position));
    await this.core.apply(tx, run, { type: "resumed" }, { completedWaitpoints });
    return true;
  }

  private async completeFromStream(tx: Tx, waitpoint: Waitpoint): Promise<void> {
    if (waitpoint.stream === null) return;
    const record = await firstRecordAfter(this.streams, tx, waitpoint.stream, waitpoint.afterSeq);
    if (!record) return;
    // Of a session no output: the run reads the record from the stream itself, and people's words are kept in one place.
    const data = waitpoint.sessionId === null ? openEnvelope(record).data : null;
    await this.finish(tx, waitpoint.id, { output: typeof data === "string" ? data : null });
  }

  private async timeIsUp(tx: Tx, waitpointId: string): Promise<void> {
    const waitpoint = await findWaitpoint(tx, waitpointId);
    if (waitpoint)
      await this.finish(tx, waitpointId, waitpoint.type === "DATETIME" ? { output: null } : TIMED_OUT);
  }

  /** The runs that waited go on in transactions of their own, each with its own locks. */
  private async finish(tx: Tx, waitpointId: string, result: WaitpointResult): Promise<void> {
    if (!(await completeWaitpoint(tx, waitpointId, result))) return;
    await this.core.timers.clear(tx, "waitpoint", waitpointId);
    for (const runId of await blockedBy(tx, waitpointId)) await this.core.timers.set(tx, "resume", runId);
  }

  private async armTimeout(tx: Tx, waitpoint: Waitpoint): Promise<void> {
    if (waitpoint.timeoutAt)
      await this.core.timers.set(tx, "waitpoint", waitpoint.id, { at: waitpoint.timeoutAt });
  }
}

/** The lock that keeps an append to a run's input stream and a wait for it apart. */
function inputKey(stream: string): string {
  return `stream:${stream}`;
}

function common(options: WaitOptions, scope: string) {
  const { idempotencyKey: key, idempotencyKeyTTL, tags } = options;
  if (key === undefined) return { tags: tags ?? [] };
  const ttl = idempotencyKeyTTL === undefined ? KEY_TTL_MS : (durationMs(idempotencyKeyTTL) ?? KEY_TTL_MS);
  return { tags: tags ?? [], idempotency: { scope, key, expiresAt: new Date(Date.now() + ttl) } };
}
