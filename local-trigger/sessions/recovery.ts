import type { Tx } from "../database.ts";
import type { Log } from "../log.ts";
import type { Run, RunEngine } from "../runs/run-engine.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { newId } from "../wire/ids.ts";
import { errorChunk, turnComplete } from "../wire/session-records.ts";
import { sessionKey, sessionStream } from "../wire/stream-names.ts";
import { startRun, type SessionRuns } from "./ensure-run.ts";
import { readProgress, type Progress } from "./progress.ts";
import { findSession, setStalled } from "./session-store.ts";
import { idsOf, type Session } from "./session.ts";

/** How many continuations in a row may end without finishing a turn, before their input is given up. */
const continuationLimit = 3;
/** A lost worker host says little about the input; still, an input that takes the host down each time must end. */
const lostWorkerLimit = 10;

const givenUp = "This message could not be answered: its run failed several times in a row. Try again.";
const closedFirst = "The chat was closed before this was answered.";
const crashedFirst = "The run failed before it could answer. Try again.";

export type RecoveryDeps = {
  streams: StreamStore;
  runs: SessionRuns & Pick<RunEngine, "purgeSession">;
  log: Log;
};

/**
 * What happens when a run of a session has ended, inside the same transaction and under the session's lock: no acknowledged
 * message stays unanswered and no reader waits for a turn that nobody will end.
 */
export async function afterRun(tx: Tx, deps: RecoveryDeps, run: Run): Promise<void> {
  const sessionId = run.sessionId ?? (await sessionOfRoot(tx, deps, run));
  const session = sessionId ? await findSession(tx, sessionId) : null;
  // Of a deleted session nothing comes back: neither a run, nor what this one wrote as it was being cancelled.
  if (session?.purgedAt) return deps.runs.purgeSession(tx, session.id);
  // A run that was swapped out must not disturb the one that took over.
  if (!session || session.currentRunId !== run.id) return;
  const progress = await readProgress(deps.streams, session, tx);
  if (session.closedAt) return afterClose(tx, deps, session, progress);
  if (run.status === "CANCELED") return afterCancel(tx, deps, session, run, progress);
  if (progress.unread.length > 0) return continueOrGiveUp(tx, deps, session, run, progress);
  if (!progress.turnIsOpen) return;
  const failed = run.status !== "COMPLETED_SUCCESSFULLY";
  await endTurn(tx, deps, session, knownInput(progress), failed ? crashedFirst : undefined);
}

/** The session whose run has started this one, at whatever depth. */
async function sessionOfRoot(tx: Tx, { runs }: RecoveryDeps, run: Run): Promise<string | null> {
  return run.rootRunId === null ? null : ((await runs.find(run.rootRunId, tx))?.sessionId ?? null);
}

/** A closed session takes no further turns, but whoever waits for one learns that it will not come. */
async function afterClose(tx: Tx, deps: RecoveryDeps, session: Session, progress: Progress) {
  const newest = progress.unread.at(-1);
  if (newest === undefined && !progress.turnIsOpen) return;
  await endTurn(tx, deps, session, newest ?? knownInput(progress), closedFirst);
}

/** The turn that was cancelled ends; messages that came after it are answered by a new run, also those that came as it ended. */
async function afterCancel(tx: Tx, deps: RecoveryDeps, session: Session, run: Run, progress: Progress) {
  const [first, ...others] = progress.unread;
  const cameLater = first !== undefined && run.inputAtCancel !== null && first >= run.inputAtCancel;
  // An open turn is then that message's, as after a crash.
  if (cameLater) return void (await startRun(tx, deps.runs, session, run.id));
  if (first !== undefined || progress.turnIsOpen)
    await endTurn(tx, deps, session, first ?? knownInput(progress));
  if (others.length > 0) await startRun(tx, deps.runs, session, run.id);
}

async function continueOrGiveUp(tx: Tx, deps: RecoveryDeps, session: Session, run: Run, progress: Progress) {
  const stalled = session.stalledSinceSeq === progress.boundary ? session.stalledRuns + 1 : 1;
  const limit = run.status === "SYSTEM_FAILURE" ? lostWorkerLimit : continuationLimit;
  if (stalled <= limit) {
    await setStalled(tx, session.id, stalled, progress.boundary);
    const { id: successor } = await startRun(tx, deps.runs, session, run.id);
    const ended = { runId: run.id, status: run.status };
    deps.log.warn("session.continued", { ...idsOf(session), ...ended, successor, stalled });
    return;
  }
  const [poison, ...waiting] = progress.unread;
  deps.log.error("session.input_given_up", { ...idsOf(session), runId: run.id, input: poison });
  await endTurn(tx, deps, session, poison ?? null, givenUp);
  if (waiting.length > 0) await startRun(tx, deps.runs, session, run.id);
}

async function endTurn(
  tx: Tx,
  deps: RecoveryDeps,
  session: Session,
  inputSeq: number | null,
  errorText?: string,
): Promise<void> {
  const error = errorText === undefined ? [] : [errorChunk(errorText, newId("part"))];
  const stream = sessionStream(sessionKey(session), "out");
  await deps.streams.append(stream, [...error, turnComplete(inputSeq)], { tx });
}

// A turn without an unread message was started by the payload or by a record that is already consumed: never name a number
// that a later message will get, it would count as answered.
function knownInput(progress: Progress): number | null {
  return progress.consumed >= 0 ? progress.consumed : null;
}
