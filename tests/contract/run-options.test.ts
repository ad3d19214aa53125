import { idempotencyKeys, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { sdkServer } from "../support/sdk-server.ts";

const server = sdkServer((worker) => worker.register(["task-a", "task-b"], { maxAttempts: 3 }));
const broken = { type: "BUILT_IN_ERROR", name: "Error", message: "broken", stackTrace: "at x" };

describe("a retry", () => {
  test("that is due soon stays with its worker, and the last failure ends the run", async () => {
    const { id } = await tasks.trigger("task-a", {});
    let { snapshot } = await server.worker.take(id);
    for (const attempt of [1, 2]) {
      const retry = { timestamp: Date.now() + 50, delay: 50 };
      const failed = await server.worker.complete(id, snapshot.friendlyId, {
        ok: false,
        error: broken,
        retry,
      });
      expect(failed.attemptStatus).toBe("RETRY_IMMEDIATELY");
      const next = await server.worker.start(id, failed.snapshot.friendlyId);
      expect(next.run.attemptNumber).toBe(attempt + 1);
      snapshot = next.snapshot;
    }
    await server.worker.complete(id, snapshot.friendlyId, { ok: false, error: broken });
    expect(await runs.retrieve(id)).toMatchObject({ status: "FAILED", attemptCount: 3 });
  });

  test("that is due late goes back to the queue, and not before its time, over a restart", async () => {
    const { id } = await tasks.trigger("task-a", {});
    const { snapshot } = await server.worker.take(id);
    const due = Date.now() + 5_300;
    const retry = { timestamp: due, delay: 5_300 };
    const failed = await server.worker.complete(id, snapshot.friendlyId, { ok: false, error: broken, retry });
    expect(failed.attemptStatus).toBe("RETRY_QUEUED");
    await server.trigger.local.restart();
    expect(await server.worker.dequeue()).toEqual([]);
    const again = async () =>
      (await server.worker.dequeue()).find(({ run }) => run.friendlyId === id) ?? false;
    const message = await eventually(again, { what: () => "the retry was not handed out", ms: 40_000 });
    expect(Date.now()).toBeGreaterThanOrEqual(due);
    const second = await server.worker.start(id, message.snapshot.friendlyId);
    await server.worker.complete(id, second.snapshot.friendlyId, { ok: true });
    expect(await runs.retrieve(id)).toMatchObject({ status: "COMPLETED", attemptCount: 2 });
  });

  test("is not for a run whose trigger allows one attempt", async () => {
    const { id } = await tasks.trigger("task-a", {}, { maxAttempts: 1 });
    const { execution, snapshot } = await server.worker.take(id);
    expect(execution.run.maxAttempts).toBe(1);
    await server.worker.complete(id, snapshot.friendlyId, { ok: false, error: broken });
    expect((await runs.retrieve(id)).status).toBe("FAILED");
  });
});

describe("an idempotency key", () => {
  test("counts for its task alone", async () => {
    const idempotencyKey = await idempotencyKeys.create("same", { scope: "global" });
    const first = await tasks.trigger("task-a", {}, { idempotencyKey });
    const second = await tasks.trigger("task-b", {}, { idempotencyKey });
    expect(second.id).not.toBe(first.id);
    expect((await tasks.trigger("task-a", {}, { idempotencyKey })).id).toBe(first.id);
    for (const { id } of [first, second]) await runs.cancel(id);
  });

  test("is forgotten after its time, also over a restart", async () => {
    const options = { idempotencyKey: "short", idempotencyKeyTTL: "8s" };
    const first = await tasks.trigger("task-a", {}, options);
    await server.trigger.local.restart();
    expect((await tasks.trigger("task-a", {}, options)).id).toBe(first.id);
    const renewed = async () => {
      const { id } = await tasks.trigger("task-a", {}, options);
      return id !== first.id && id;
    };
    const second = await eventually(renewed, { what: () => "the key never expired", ms: 40_000 });
    for (const id of [first.id, second]) await runs.cancel(id);
  });

  test("is free again once it is reset", async () => {
    const idempotencyKey = await idempotencyKeys.create("to be reset", { scope: "global" });
    const first = await tasks.trigger("task-a", {}, { idempotencyKey });
    await idempotencyKeys.reset("task-a", idempotencyKey);
    const second = await tasks.trigger("task-a", {}, { idempotencyKey });
    expect(second.id).not.toBe(first.id);
    for (const { id } of [first, second]) await runs.cancel(id);
  });
});

describe("runs.list", () => {
  test("filters by queue, version, test, batch and time", async () => {
    const before = new Date();
    const [a, b] = [
      (await tasks.trigger("task-a", {})).id,
      (await tasks.trigger("task-b", {}, { queue: "own" })).id,
    ];
    const listed = async (query: Parameters<typeof runs.list>[0]) =>
      (await runs.list({ from: before, ...query })).data.map(({ id }) => id);
    expect(await listed({})).toEqual([b, a]);
    expect(await listed({ queue: { type: "custom", name: "own" } })).toEqual([b]);
    expect(await listed({ queue: { type: "task", name: "task-a" } })).toEqual([a]);
    expect(await listed({ isTest: true })).toEqual([]);
    expect(await listed({ isTest: false, period: "1h" })).toEqual([b, a]);
    expect((await runs.list({ to: new Date(before.getTime() - 3_600_000) })).data).toEqual([]);
    const { run } = (await server.worker.take(a)).execution;
    expect(await listed({ version: run.version ?? "" })).toContain(a);
    expect(await listed({ version: "20200101.1" })).toEqual([]);
    const made = await tasks.batchTrigger("task-a", [{ payload: {} }]);
    expect(await listed({ batch: made.batchId })).toHaveLength(1);
    for (const id of await listed({})) await runs.cancel(id);
  });
});
