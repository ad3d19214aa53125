import { z } from "zod";
import { findBatch, itemsOf, runsOfBatch, type Batch } from "../../runs/batch-store.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { isFinalStatus } from "../../runs/run-status.ts";
import { runResult } from "../../runs/run-view.ts";
import type { TriggerInput } from "../../runs/triggers.ts";
import { json } from "../answer.ts";
import { readJson, readText } from "../body.ts";
import { badRequest, forbidden, HttpError, notFound } from "../errors.ts";
import type { RequestContext, Route } from "../router.ts";
import { allows } from "../scopes.ts";
import { requestKeyOf, tokenHeaders } from "../trigger-answer.ts";
import { inputOf, triggerOptions } from "../trigger-options.ts";

const MAX_ITEMS = 1_000;
const ITEMS_LIMIT = 64 * 1024 * 1024;

const createBody = z.looseObject({
  runCount: z.number().int().positive().max(MAX_ITEMS),
  taskIdentifiers: z.array(z.string().min(1)).optional(),
  parentRunId: z.string().optional(),
  resumeParentOnCompletion: z.boolean().optional(),
  idempotencyKey: z.string().max(2048).optional(),
});
const itemLine = z.looseObject({
  index: z.number().int().nonnegative(),
  task: z.string().min(1),
  payload: z.unknown().optional(),
  options: triggerOptions.optional(),
});

/** `batchTrigger` and `batchTriggerAndWait`: a batch is created, then its items are sent, as often as need be. */
export function batchRoutes(deps: { runs: RunEngine; secretKey: string }): Route[] {
  const { runs } = deps;
  return [
    {
      method: "POST",
      path: "/api/v3/batches",
      access: "jwt-or-secret",
      realtime: true,
      handler: (c) => create(c, deps),
    },
    {
      method: "POST",
      path: "/api/v3/batches/:batch/items",
      access: "jwt-or-secret",
      realtime: true,
      handler: (c) => addItems(c, runs),
    },
    {
      method: "GET",
      path: "/api/v2/batches/:batch",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const batch = await readableBatch(c, runs);
        json(c, 200, await batchDetails(runs, batch));
      },
    },
    {
      method: "GET",
      path: "/api/v1/batches/:batch/results",
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const batch = await readableBatch(c, runs);
        json(c, 200, { id: batch.id, items: await batchResults(runs, batch) });
      },
    },
  ];
}

/** The batch of the address, for whoever may read it: 404, 403. */
export async function readableBatch(c: RequestContext, runs: RunEngine): Promise<Batch> {
  const batch = await findBatch(runs.db, c.params.batch ?? "");
  if (!batch) throw notFound("Batch not found.");
  if (!allows(c.credential, "read", [{ type: "batch", id: batch.id }])) throw forbidden();
  return batch;
}

async function create(c: RequestContext, deps: { runs: RunEngine; secretKey: string }): Promise<void> {
  const body = await readJson(c, createBody);
  const { runCount, parentRunId, idempotencyKey } = body;
  assertMayTrigger(c, body.taskIdentifiers ?? []);
  const requestKey = requestKeyOf(c);
  const { batch, isCached } = await deps.runs.batches.create({
    runCount,
    blocksParent: body.resumeParentOnCompletion ?? false,
    ...(parentRunId === undefined ? {} : { parentRunId }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(requestKey === undefined ? {} : { requestKey }),
  });
  const answer = { id: batch.id, runCount: batch.runCount, isCached };
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  json(c, 202, { ...answer, ...key }, await tokenHeaders(c, `read:batch:${batch.id}`, deps.secretKey));
}

async function addItems(c: RequestContext, runs: RunEngine): Promise<void> {
  const batch = await findBatch(runs.db, c.params.batch ?? "");
  if (!batch) throw notFound("Batch not found.");
  const items = await readItems(c, batch).catch(async (error: unknown) => {
    // The SDK throws in the task, which may catch it and go on. Nobody but runs has the key.
    if (isFinalRefusal(error) && c.credential?.kind === "secret") await runs.batches.giveUp(batch);
    throw error;
  });
  let accepted = 0;
  for (const { index, input } of items)
    if ((await runs.batches.addItem(batch, index, input)).isNew) accepted += 1;
  const enqueuedCount = (await itemsOf(runs.db, batch.id)).length;
  const sealed = enqueuedCount >= batch.runCount;
  json(c, 200, {
    id: batch.id,
    itemsAccepted: accepted,
    itemsDeduplicated: items.length - accepted,
    sealed,
    ...(sealed ? {} : { enqueuedCount, expectedCount: batch.runCount }),
  });
}

/** All lines are read before the first becomes a run, so that a wrong one is refused while nothing has happened. */
async function readItems(c: RequestContext, batch: Batch): Promise<{ index: number; input: TriggerInput }[]> {
  const items = (await readText(c, { limit: ITEMS_LIMIT }))
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, n) => readItem(line, n + 1, batch));
  assertMayTrigger(
    c,
    items.map(({ input }) => input.taskIdentifier),
  );
  return items;
}

/** Of which the SDK makes an error instead of another try. */
const isFinalRefusal = (error: unknown): boolean =>
  error instanceof HttpError && error.status < 500 && ![408, 409, 429].includes(error.status);

function readItem(line: string, n: number, batch: Batch): { index: number; input: TriggerInput } {
  const parsed = itemLine.safeParse(parse(line));
  if (!parsed.success)
    throw badRequest(`Line ${n} is no item of a batch: ${parsed.error.issues[0]?.message}`);
  const { index, task, payload, options = {} } = parsed.data;
  if (index >= batch.runCount)
    throw badRequest(
      `Line ${n}: the batch has ${batch.runCount} items, counted from 0; there is no ${index}.`,
    );
  const { parentRunId: _, resumeParentOnCompletion: __, ...own } = options;
  const input = inputOf(task, payload, own, undefined);
  const { parentRunId, blocksParent } = batch;
  return {
    index,
    input: {
      ...input,
      batchId: batch.id,
      triggerFunction: blocksParent ? "batchTriggerAndWait" : "batchTrigger",
      ...(parentRunId === null ? {} : { parentRunId }),
    },
  };
}

/** Whoever names no task must be allowed to trigger any. */
function assertMayTrigger(c: RequestContext, tasks: string[]): void {
  const named = [...new Set(tasks)].map((id) => ({ type: "tasks", id }));
  for (const task of named.length === 0 ? [{ type: "tasks" }] : named)
    if (!["trigger", "batchTrigger", "write"].some((action) => allows(c.credential, action, [task])))
      throw forbidden();
}

async function batchDetails(runs: RunEngine, batch: Batch) {
  const items = await itemsOf(runs.db, batch.id);
  const made = await runsOfBatch(runs.db, batch.id);
  const isComplete = items.length >= batch.runCount && made.every(({ status }) => isFinalStatus(status));
  return {
    id: batch.id,
    status: isComplete ? "COMPLETED" : items.length >= batch.runCount ? "PROCESSING" : "PENDING",
    ...(batch.idempotencyKey === null ? {} : { idempotencyKey: batch.idempotencyKey }),
    createdAt: batch.createdAt,
    updatedAt: batch.updatedAt,
    runCount: batch.runCount,
    runs: items.map(({ runId }) => runId),
    processing: { errors: [] },
  };
}

/** What the runs that have ended came to, in the order of the items. */
async function batchResults(runs: RunEngine, batch: Batch) {
  const made = new Map((await runsOfBatch(runs.db, batch.id)).map((run) => [run.id, run]));
  return (await itemsOf(runs.db, batch.id)).flatMap(({ runId }) => {
    const run = made.get(runId);
    return run && isFinalStatus(run.status) ? [runResult(run)] : [];
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
