import { apiClientManager } from "@trigger.dev/core/v3";
import { batch, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { sdkServer } from "../support/sdk-server.ts";

// What was handed out before a restart is started by hand after it, however slow the machine.
const server = sdkServer(undefined, { timing: { dequeueHoldMs: 500, startDeadlineAfterBootMs: 60_000 } });

type Created = { id: string; runCount: number; isCached: boolean };
type Added = { itemsAccepted: number; itemsDeduplicated: number; sealed: boolean; enqueuedCount?: number };

const item = (index: number, options: object = {}) => ({
  index,
  task: "task-a",
  payload: `{"n":${index}}`,
  options,
});

async function createBatch(body: object): Promise<Created> {
  const reply = await server.call<Created>("POST", "/api/v3/batches", { body });
  expect(reply.status).toBe(202);
  return reply.body;
}

function send(batchId: string, items: object[]) {
  const body = items.map((line) => JSON.stringify(line)).join("\n");
  return server.call<Added>("POST", `/api/v3/batches/${batchId}/items`, { body });
}

const runsOf = async (batchId: string) => (await batch.retrieve(batchId)).runs;

async function cancelAll(ids: readonly string[]): Promise<void> {
  for (const id of ids) await runs.cancel(id);
}

describe("with the SDK", () => {
  test("all items of a batch become runs, and the batch is complete when they are", async () => {
    const made = await tasks.batchTrigger("task-a", [{ payload: { n: 0 } }, { payload: { n: 1 } }]);
    expect(made.runCount).toBe(2);
    expect(await batch.retrieve(made.batchId)).toMatchObject({ status: "PROCESSING", runCount: 2 });
    const ids = await runsOf(made.batchId);
    expect((await runs.retrieve(ids[1] ?? "")).payload).toEqual({ n: 1 });
    await cancelAll(ids);
    expect((await batch.retrieve(made.batchId)).status).toBe("COMPLETED");
  });

  test("the results are those of the runs that have ended, in the order of the items", async () => {
    const made = await tasks.batchTrigger("task-a", [{ payload: 0 }, { payload: 1 }, { payload: 2 }]);
    const ids = await runsOf(made.batchId);
    const results = async () => (await apiClientManager.clientOrThrow().getBatchResults(made.batchId))?.items;
    expect(await results()).toEqual([]);
    const { snapshot } = await server.worker.take(ids[1] ?? "");
    const output = { output: '{"n":1}', outputType: "application/json" };
    await server.worker.complete(ids[1] ?? "", snapshot.friendlyId, { ok: true, ...output });
    await runs.cancel(ids[0] ?? "");
    expect(await results()).toMatchObject([
      { ok: false, id: ids[0] },
      { ok: true, id: ids[1], ...output },
    ]);
    await cancelAll(ids);
  });

  test("a subscription to a batch sees each of its runs change, and no other", async () => {
    const seen = new Map<string, string>();
    const made = await createBatch({ runCount: 2 });
    const subscription = runs.subscribeToBatch(made.id);
    const following = (async () => {
      for await (const run of subscription) seen.set(run.id, run.status);
    })();
    const other = await tasks.trigger("task-a", {});
    await send(made.id, [item(0)]);
    await expect.poll(() => [...seen.values()]).toEqual(["QUEUED"]);
    await send(made.id, [item(1)]);
    await expect.poll(() => seen.size).toBe(2);
    const ids = await runsOf(made.id);
    await cancelAll([...ids, other.id]);
    await expect.poll(() => [...seen.values()]).toEqual(["CANCELED", "CANCELED"]);
    expect([...seen.keys()].toSorted()).toEqual(ids.toSorted());
    subscription.unsubscribe();
    await following;
  });

  test("a run that was found by its idempotency key reaches the feed of the batch that found it", async () => {
    const early = await tasks.trigger("task-a", {}, { idempotencyKey: "found by a batch" });
    const { idempotencyKey } = await runs.retrieve(early.id);
    const made = await createBatch({ runCount: 1 });
    const seen = new Map<string, string>();
    const subscription = runs.subscribeToBatch(made.id);
    const following = (async () => {
      for await (const run of subscription) seen.set(run.id, run.status);
    })();
    await send(made.id, [item(0, { idempotencyKey })]);
    await expect.poll(() => seen.get(early.id)).toBe("QUEUED");
    await runs.cancel(early.id);
    await expect.poll(() => seen.get(early.id)).toBe("CANCELED");
    subscription.unsubscribe();
    await following;
  });
});

describe("a parent that waits for a batch", () => {
  async function parent() {
    const { id } = await tasks.trigger("task-a", {});
    await server.worker.take(id);
    return id;
  }

  test("stands still until every item has ended, over a restart, and gets each result at its place", async () => {
    const parentRunId = await parent();
    const made = await createBatch({ runCount: 3, parentRunId, resumeParentOnCompletion: true });
    expect((await server.worker.latest(parentRunId)).snapshot.executionStatus).toBe(
      "EXECUTING_WITH_WAITPOINTS",
    );
    await send(made.id, [item(2), item(0)]);
    const [first = "", third = ""] = await runsOf(made.id);
    const handed = await server.worker.dequeue();
    const complete = async (id: string, completion: Record<string, unknown>) => {
      const from = handed.find(({ run }) => run.friendlyId === id) ?? (await server.worker.dequeue())[0];
      const { snapshot } = await server.worker.start(id, from?.snapshot.friendlyId ?? "");
      await server.worker.complete(id, snapshot.friendlyId, completion);
    };
    await complete(first, { ok: true, output: '"zero"' });
    await server.trigger.local.restart();
    await complete(third, { ok: false, error: { type: "STRING_ERROR", raw: "broken" } });
    expect((await server.worker.latest(parentRunId)).snapshot.executionStatus).toBe(
      "EXECUTING_WITH_WAITPOINTS",
    );
    await send(made.id, [item(0), item(1), item(2)]);
    const [, second = ""] = await runsOf(made.id);
    await complete(second, { ok: true, output: '"one"' });
    await expect
      .poll(async () => (await server.worker.latest(parentRunId)).snapshot.executionStatus)
      .toBe("EXECUTING");
    const { completedWaitpoints } = await server.worker.latest(parentRunId);
    expect(
      completedWaitpoints.map(({ index, output, outputIsError, completedByTaskRun: by }) => [
        by?.batch?.friendlyId,
        by?.friendlyId,
        index,
        output,
        outputIsError,
      ]),
    ).toEqual([
      [made.id, first, 0, '"zero"', false],
      [made.id, second, 1, '"one"', false],
      [made.id, third, 2, '{"raw":"broken","type":"STRING_ERROR"}', true],
    ]);
    expect((await runs.retrieve(second)).relatedRuns.parent?.id).toBe(parentRunId);
    await runs.cancel(parentRunId);
  });

  test("goes on when the items are refused, and then waits for what it waits for next alone", async () => {
    const parentRunId = await parent();
    const made = await createBatch({ runCount: 2, parentRunId, resumeParentOnCompletion: true });
    const refused = await send(made.id, [item(0), item(1, { debounce: { key: "k", delay: "1s" } })]);
    expect(refused.status).toBe(422);
    const execution = async () => (await server.worker.latest(parentRunId)).snapshot.executionStatus;
    expect(await execution()).toBe("EXECUTING");
    const date = new Date(Date.now() + 500).toISOString();
    await server.call("POST", `/engine/v1/runs/${parentRunId}/wait/duration`, { body: { date } });
    expect(await execution()).toBe("EXECUTING_WITH_WAITPOINTS");
    await expect.poll(execution).toBe("EXECUTING");
    await runs.cancel(parentRunId);
  });

  test("goes on at once when the batch's runs have ended before", async () => {
    const idempotencyKey = "a batch that is over";
    const made = await createBatch({ runCount: 1, idempotencyKey });
    await send(made.id, [item(0)]);
    const [child = ""] = await runsOf(made.id);
    await runs.cancel(child);
    const parentRunId = await parent();
    const again = await createBatch({
      runCount: 1,
      idempotencyKey,
      parentRunId,
      resumeParentOnCompletion: true,
    });
    expect(again).toMatchObject({ id: made.id, isCached: true });
    await expect
      .poll(
        async () =>
          (await server.worker.latest(parentRunId)).completedWaitpoints[0]?.completedByTaskRun?.friendlyId,
      )
      .toBe(child);
    await runs.cancel(parentRunId);
  });
});

describe("over the wire", () => {
  test("an item that is sent twice becomes one run, also after a restart, and a missing one is asked for", async () => {
    const made = await createBatch({ runCount: 2 });
    expect((await send(made.id, [item(0)])).body).toMatchObject({
      itemsAccepted: 1,
      sealed: false,
      enqueuedCount: 1,
    });
    await server.trigger.local.restart();
    const both = await send(made.id, [item(0), item(1)]);
    expect(both.body).toMatchObject({ itemsAccepted: 1, itemsDeduplicated: 1, sealed: true });
    const ids = await runsOf(made.id);
    expect(new Set(ids).size).toBe(2);
    await cancelAll(ids);
  });

  test("the same request twice makes one batch, and is not told that it was there", async () => {
    const headers = { "x-trigger-request-idempotency-key": "one request of a batch" };
    const create = () => server.call<Created>("POST", "/api/v3/batches", { body: { runCount: 1 }, headers });
    const [first, second] = [await create(), await create()];
    expect(second.body).toEqual(first.body);
    expect(first.body.isCached).toBe(false);
  });

  test("a wrong line is refused before any of the others becomes a run", async () => {
    const made = await createBatch({ runCount: 2 });
    expect((await send(made.id, [item(0), item(2)])).status).toBe(400);
    expect((await send(made.id, [item(0), { index: 1 }])).status).toBe(400);
    expect(await runsOf(made.id)).toEqual([]);
    expect((await send("batch_unknown", [item(0)])).status).toBe(404);
  });

  test("a batch is read by a scope for it alone, and triggered by a scope for its tasks", async () => {
    const made = await createBatch({ runCount: 1 });
    const feed = `/realtime/v1/batches/${made.id}?offset=-1`;
    const status = async (path: string, scope: string) =>
      (await server.call("GET", path, { as: await server.trigger.token([scope]) })).status;
    for (const path of [feed, `/api/v2/batches/${made.id}`]) {
      expect(await status(path, `read:batch:${made.id}`)).toBe(200);
      expect(await status(path, "read:batch:batch_other")).toBe(403);
      expect(await status(path, "read:runs")).toBe(403);
    }
    const as = await server.trigger.token(["trigger:tasks:task-b"]);
    const body = { runCount: 1, taskIdentifiers: ["task-a"] };
    expect((await server.call("POST", "/api/v3/batches", { as, body })).status).toBe(403);
    const line = JSON.stringify(item(0));
    expect((await server.call("POST", `/api/v3/batches/${made.id}/items`, { as, body: line })).status).toBe(
      403,
    );
  });
});
