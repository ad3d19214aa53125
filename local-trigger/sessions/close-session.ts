import type { Tx } from "../database.ts";
import type { CloseSession } from "../wire/session-bodies.ts";
import { newId } from "../wire/ids.ts";
import { closeInput } from "../wire/session-records.ts";
import { sessionKey, sessionStream, sessionStreamsPrefix } from "../wire/stream-names.ts";
import { readProgress } from "./progress.ts";
import type { SessionDeps } from "./session-service.ts";
import { lockSession, purgeRow, setClosed, unfinishedPurges } from "./session-store.ts";
import { idsOf, type Session } from "./session.ts";

/** The reason that makes a close a deletion. */
const deletedReason = "deleted";

/**
 * Closes a session, once: a repeat answers the first time and reason. An idle run is woken so that it ends; one with a
 * turn open is cancelled, and its turn ends. The run that closes its own session is left alone: it ends its turn itself.
 * With the reason "deleted" the run is cancelled and streams, snapshot and payloads are purged; a tombstone remains.
 */
export async function closeSession(deps: SessionDeps, id: string, body: CloseSession): Promise<Session> {
  const deletes = body.reason === deletedReason;
  const session = await deps.db.transaction(async (tx) => {
    const before = await lockSession(tx, id);
    const closed = await setClosed(tx, id, { reason: body.reason ?? null, purge: deletes });
    if (!before.closedAt && !deletes && closed.currentRunId !== (body.callingRunId ?? null))
      await tellRun(tx, deps, closed);
    if (!before.closedAt)
      tx.afterCommit(() =>
        deps.log.info("session.closed", { ...idsOf(closed), runId: closed.currentRunId, deletes }),
      );
    return closed;
  });
  if (deletes && !session.purgedAt) await purgeSession(deps, session);
  return session;
}

async function tellRun(tx: Tx, deps: SessionDeps, session: Session): Promise<void> {
  const stream = sessionStream(sessionKey(session), "in");
  await deps.streams.append(stream, [closeInput(sessionKey(session), newId("part"))], { tx });
  await deps.runs.wakeStream(tx, stream);
  const { turnIsOpen, unread } = await readProgress(deps.streams, session, tx);
  if (session.currentRunId && (turnIsOpen || unread.length > 0))
    await deps.runs.cancelSoon(tx, session.currentRunId, "The session was closed.");
}

/** Finishes deletions that a stop of the server interrupted between the close and the purge. */
export async function finishPurges(deps: SessionDeps): Promise<void> {
  for (const session of await unfinishedPurges(deps.db)) await purgeSession(deps, session);
}

async function purgeSession(deps: SessionDeps, session: Session): Promise<void> {
  // Cancelling takes the session's lock itself, so it comes before the purge's own transaction.
  if (session.currentRunId) await deps.runs.cancel(session.currentRunId, "The session was deleted.");
  await deps.db.transaction(async (tx) => {
    await lockSession(tx, session.id);
    await deps.streams.remove(sessionStreamsPrefix(sessionKey(session)), tx);
    await deps.runs.purgeSession(tx, session.id);
    await purgeRow(tx, session.id);
    tx.afterCommit(() => deps.log.info("session.purged", idsOf(session)));
  });
}
