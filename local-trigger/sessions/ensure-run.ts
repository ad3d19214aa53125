import type { Tx } from "../database.ts";
import { limitRow } from "../runs/queue-names.ts";
import type { Run, RunEngine } from "../runs/run-engine.ts";
import { setCurrentRun } from "./session-store.ts";
import type { Session } from "./session.ts";

export type SessionRuns = Pick<RunEngine, "create" | "find" | "isFinal">;

/**
 * The session's live run: the current one, or a new one when it has ended or there is none. Under the session's lock,
 * so that all who ask together get the same run.
 */
export async function ensureRun(tx: Tx, runs: SessionRuns, session: Session): Promise<Run> {
  const current = session.currentRunId ? await runs.find(session.currentRunId, tx) : null;
  if (current && !runs.isFinal(current)) return current;
  return startRun(tx, runs, session, session.currentRunId);
}

/** Starts a run and makes it the current one. With a previous run it is a continuation. */
export async function startRun(
  tx: Tx,
  runs: SessionRuns,
  session: Session,
  previousRunId: string | null,
): Promise<Run> {
  const config = session.triggerConfig;
  const run = await runs.create(tx, {
    taskIdentifier: session.taskIdentifier,
    sessionId: session.id,
    chatId: session.externalId,
    payload: JSON.stringify(runPayload(session, previousRunId)),
    tags: [...new Set([...session.tags, ...(config.tags ?? [])])].slice(0, 10),
    ...(config.maxAttempts === undefined ? {} : { maxAttempts: config.maxAttempts }),
    ...(config.lockToVersion === undefined ? {} : { lockToVersion: config.lockToVersion }),
    ...(config.queue === undefined ? {} : { queue: config.queue }),
    ...(config.concurrency === undefined ? {} : { limits: config.concurrency.map(limitRow) }),
    ...(config.concurrencyKey === undefined ? {} : { concurrencyKey: config.concurrencyKey }),
    ...(config.maxDuration === undefined ? {} : { maxDuration: config.maxDuration }),
    ...(config.ttl === undefined
      ? {}
      : { ttl: typeof config.ttl === "number" ? `${config.ttl}s` : config.ttl }),
  });
  await setCurrentRun(tx, session.id, run.id);
  return run;
}

/** What comes later wins: nobody can unset sessionId, continuation and previousRunId through the base payload. */
function runPayload(session: Session, previousRunId: string | null): Record<string, unknown> {
  const { basePayload, idleTimeoutInSeconds } = session.triggerConfig;
  const idle = idleTimeoutInSeconds === undefined ? {} : { idleTimeoutInSeconds };
  if (previousRunId === null) return { ...basePayload, ...idle, sessionId: session.id };
  const { message: _, messages: __, trigger: ___, ...durable } = basePayload;
  return { ...durable, ...idle, continuation: true, previousRunId, sessionId: session.id };
}
