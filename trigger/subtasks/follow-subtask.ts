import { setTimeout as sleep } from "node:timers/promises";
import { idempotencyKeys, logger, runs, tasks } from "@trigger.dev/sdk";
import { env } from "#app/env.server.ts";
import {
  nameRun,
  nextGeneration,
  stopSubtask,
  subtask,
  subtaskVersion,
  type SubtaskRow,
} from "#app/models/subtask.server.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { retry } from "#trigger/retry.ts";

/** The task that does it, and whose it is: runs of one person wait for each other. */
export type SubtaskTask = { task: string; chatId: string; userId: string };

const LOOK_EVERY_MS = 250;
/** A run whose process died says nothing by itself. */
const RUN_CHECK_MS = 2_000;
/** A task whose process dies so often would do so again. */
const MAX_GENERATIONS = 5;

const OVER = new Set([
  "COMPLETED",
  "FAILED",
  "CANCELED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "EXPIRED",
  "TIMED_OUT",
]);

/**
 * Sees a subtask through from the run of its chat: starts its run, starts another one when that dies, and answers
 * each state in which it stands, the last one being its end. An abort stops it. Throws VisibleError when it failed.
 */
export async function* followSubtask(
  first: SubtaskRow,
  task: SubtaskTask,
  signal: AbortSignal | undefined,
): AsyncGenerator<SubtaskRow> {
  let row = first;
  // A tool that is silent for long would be taken for a model that is: the same state again is a sign of life.
  const signOfLifeMs = Math.min(20_000, env().MODEL_SILENCE_SECONDS * 300);
  let shownAt = 0;
  let shown = 0;
  let checkAt = 0;
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (row.version !== shown || performance.now() - shownAt > signOfLifeMs) {
        [shown, shownAt] = [row.version, performance.now()];
        yield row;
      }
      if (row.state === "done") return;
      if (row.state === "failed") throw new VisibleError(row.error ?? "It failed.");
      if (row.state === "stopped") throw new VisibleError("It was stopped.");
      if (performance.now() > checkAt) {
        await keepRunning(row, task);
        checkAt = performance.now() + RUN_CHECK_MS;
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal });
      row = await newest(row);
    }
  } finally {
    if (signal?.aborted) await stop(first.id);
  }
}

async function newest(row: SubtaskRow): Promise<SubtaskRow> {
  const now = await retry(() => subtaskVersion(row.id));
  if (now?.version === row.version) return row;
  const next = now && (await retry(() => subtask(row.id)));
  if (!next) throw new VisibleError("This chat does not exist any more.");
  return next;
}

/** Starts the run of this generation (once, however often it is asked), or the next one's where it died. */
async function keepRunning(row: SubtaskRow, task: SubtaskTask): Promise<void> {
  if (row.runId === null) return start(row, task);
  const run = await runs.retrieve(row.runId).catch(() => null);
  if (!run || !OVER.has(run.status)) return;
  // It may have ended between the two reads.
  const now = await subtask(row.id);
  if (now?.state !== "running" || now.generation !== row.generation) return;
  if (row.generation >= MAX_GENERATIONS)
    throw new VisibleError("Its process ended too often, so it was given up. Try again.");
  logger.warn("a subtask goes on in another run", {
    subtaskId: row.id,
    runId: row.runId,
    status: run.status,
  });
  if (await nextGeneration(row)) await start({ ...row, generation: row.generation + 1 }, task);
}

async function start({ id, generation }: SubtaskRow, { task, chatId, userId }: SubtaskTask): Promise<void> {
  const payload = { subtaskId: id, generation };
  const key = `subtask:${id}:${generation}`;
  const idempotencyKey = await idempotencyKeys.create(key, { scope: "global" });
  const run = await retry(() =>
    tasks.trigger(task, payload, { idempotencyKey, concurrencyKey: userId, tags: [`chat:${chatId}`] }),
  );
  await nameRun({ id, generation }, run.id);
}

async function stop(id: string): Promise<void> {
  const runIds = await retry(() => stopSubtask(id)).catch(() => []);
  await cancelRuns(runIds);
}

/** Ends runs of subtasks; they see for themselves that they are not wanted where this fails. */
export async function cancelRuns(runIds: readonly string[]): Promise<void> {
  await Promise.all(runIds.map((id) => runs.cancel(id).catch(() => undefined)));
}
