import { concurrencyLimits, queues, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { ScriptedWorker } from "../support/scripted-worker.ts";
import { sdkServer } from "../support/sdk-server.ts";

const register = (worker: ScriptedWorker) =>
  worker.register(
    [
      { id: "single", queue: { concurrencyLimit: 1 } },
      { id: "free" },
      { id: "shared-1", queue: { name: "shared" } },
      { id: "shared-2", queue: { name: "shared" } },
      { id: "capped", concurrency: { inline: { perKey: 1, total: 2 } } },
      { id: "model-1", concurrency: { limits: ["model"] } },
      { id: "model-2", concurrency: { limits: ["model"] } },
    ],
    {
      queues: [{ name: "shared", concurrencyLimit: 1 }],
      concurrencyLimits: [{ name: "model", total: 1 }],
    },
  );
const server = sdkServer(register);

type Options = Parameters<typeof tasks.trigger>[2];

async function made(task: string, options?: Options): Promise<string> {
  return (await tasks.trigger(task, {}, options)).id;
}

/** Starts what is handed out now: which runs those are, in order, and their snapshots. */
async function startAll(): Promise<Map<string, string>> {
  const started = new Map<string, string>();
  for (const { run, snapshot } of await server.worker.dequeue()) {
    const answer = await server.worker.start(run.friendlyId, snapshot.friendlyId);
    started.set(run.friendlyId, answer.snapshot.friendlyId);
  }
  return started;
}

const startedIds = async () => [...(await startAll()).keys()];

async function end(...ids: string[]): Promise<void> {
  for (const id of ids) {
    const { snapshot } = await server.worker.latest(id);
    await server.worker.complete(id, snapshot.friendlyId, { ok: true });
  }
}

describe("a queue with a limit", () => {
  test("lets one run execute and the next follow when it has ended, over a restart of the server", async () => {
    const [first, second] = [await made("single"), await made("single")];
    expect(await startedIds()).toEqual([first]);
    await server.trigger.local.restart();
    expect(await startedIds()).toEqual([]);
    await end(first);
    expect(await startedIds()).toEqual([second]);
    await end(second);
  });

  test("holds nobody up who waits in another one", async () => {
    const [first, second, other] = [await made("single"), await made("single"), await made("free")];
    expect(await startedIds()).toEqual([first, other]);
    await runs.cancel(second);
    await end(first, other);
  });

  test("gives each concurrency key slots of its own", async () => {
    const key = (concurrencyKey: string) => made("single", { concurrencyKey });
    const [a1, a2, b1] = [await key("a"), await key("a"), await key("b")];
    expect(await startedIds()).toEqual([a1, b1]);
    await end(a1);
    expect(await startedIds()).toEqual([a2]);
    await end(a2, b1);
  });

  test("is shared by the tasks that name it, first in, first out", async () => {
    const [first, second, third] = [await made("shared-1"), await made("shared-2"), await made("shared-1")];
    for (const id of [first, second, third]) {
      expect(await startedIds()).toEqual([id]);
      await end(id);
    }
  });

  test("hands a waiting dequeue the next run as soon as the slot is free", async () => {
    const [first, second] = [await made("single"), await made("single")];
    await startAll();
    const waiting = server.worker.dequeue();
    await end(first);
    expect((await waiting).map(({ run }) => run.friendlyId)).toEqual([second]);
    await runs.cancel(second);
  });
});

describe("a trigger", () => {
  test("may name another queue, and its limit where the code declares none", async () => {
    const paid = { queue: "paid" };
    const body = { payload: "{}", options: { queue: { name: "paid", concurrencyLimit: 1 } } };
    const { body: first } = await server.call<{ id: string }>("POST", "/api/v1/tasks/free/trigger", { body });
    const second = await made("free", paid);
    expect(await startedIds()).toEqual([first.id]);
    await end(first.id);
    expect(await startedIds()).toEqual([second]);
    await end(second);
  });

  test("with a priority comes before runs that were queued up to so many seconds earlier", async () => {
    const [usual, urgent] = [await made("free"), await made("free", { priority: 10 })];
    expect(await startedIds()).toEqual([urgent, usual]);
    await end(usual, urgent);
  });
});

describe("a run that waits", () => {
  test("leaves its slot to the next, and goes on only when that one has ended, before those in the queue", async () => {
    const [first, second, third] = [await made("single"), await made("single"), await made("single")];
    await startAll();
    const date = new Date(Date.now() + 3_000).toISOString();
    await server.call("POST", `/engine/v1/runs/${first}/wait/duration`, { body: { date } });
    expect(await startedIds()).toEqual([second]);
    const slotWanted = `select 1 from local_trigger.runs where id = $1 and awaits_slot`;
    const stands = async () => (await server.trigger.local.query(slotWanted, [first])).length === 1;
    await eventually(stands, { what: () => "the first run does not stand in line", ms: 30_000 });
    await server.trigger.local.restart();
    expect((await server.worker.latest(first)).snapshot.executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
    await end(second);
    const goesOn = async () => (await server.worker.latest(first)).snapshot.executionStatus === "EXECUTING";
    await eventually(goesOn, { what: () => "the first run does not go on", ms: 30_000 });
    expect(await startedIds()).toEqual([]);
    await end(first);
    expect(await startedIds()).toEqual([third]);
    await end(third);
  });

  test("for a child in the same queue does not stand in its way", async () => {
    const parent = await made("single");
    await startAll();
    const options = { parentRunId: parent, resumeParentOnCompletion: true };
    const body = { payload: "{}", options };
    const { body: child } = await server.call<{ id: string }>("POST", "/api/v1/tasks/single/trigger", {
      body,
    });
    expect(await startedIds()).toEqual([child.id]);
    await end(child.id);
    const goesOn = async () => (await server.worker.latest(parent)).snapshot.executionStatus === "EXECUTING";
    await eventually(goesOn, { what: () => "the parent does not go on", ms: 5_000 });
    await end(parent);
  });
});

describe("limits beside the queue", () => {
  test("of a task count each key, and all of them together", async () => {
    const key = (concurrencyKey: string) => made("capped", { concurrencyKey });
    const [a1, a2, b1, c1] = [await key("a"), await key("a"), await key("b"), await key("c")];
    expect(await startedIds()).toEqual([a1, b1]);
    await end(a1);
    expect(await startedIds()).toEqual([a2]);
    await end(a2, b1);
    expect(await startedIds()).toEqual([c1]);
    await end(c1);
  });

  test("that have a name are shared by all tasks that hold them, and changed by a trigger", async () => {
    const [first, second] = [await made("model-1"), await made("model-2")];
    const without = await made("model-2", { concurrency: [] });
    expect(await startedIds()).toEqual([first, without]);
    await end(first);
    expect(await startedIds()).toEqual([second]);
    await end(second, without);
  });
});

describe("with the SDK", () => {
  test("a queue is read by type and name, and by its id, with the numbers of who is in it", async () => {
    const [first, second] = [await made("single"), await made("single")];
    await startAll();
    const queue = await queues.retrieve({ type: "task", name: "single" });
    expect(queue).toMatchObject({ name: "single", type: "task", running: 1, queued: 1, concurrencyLimit: 1 });
    expect(await queues.retrieve(queue.id)).toEqual(queue);
    expect((await queues.retrieve({ type: "custom", name: "shared" })).type).toBe("custom");
    await expect(queues.retrieve("queue_none")).rejects.toMatchObject({ status: 404 });
    await runs.cancel(second);
    await end(first);
  });

  test("queues are listed in pages", async () => {
    const page = await queues.list({ perPage: 3 });
    const names = page.data.map(({ name }) => name);
    expect(page.data.length).toBe(3);
    expect(page.pagination.count).toBeGreaterThan(5);
    names.push(...(await page.getNextPage()).data.map(({ name }) => name));
    expect(new Set(names).size).toBe(6);
  });

  test("a paused queue hands out nothing until it is resumed", async () => {
    const place = { type: "task", name: "free" } as const;
    expect((await queues.pause(place)).paused).toBe(true);
    const id = await made("free");
    expect(await startedIds()).toEqual([]);
    expect((await queues.resume(place)).paused).toBe(false);
    expect(await startedIds()).toEqual([id]);
    await end(id);
  });

  test("an overridden limit counts until it is reset, also after the code was registered again", async () => {
    const place = { type: "custom", name: "shared" } as const;
    const over = await queues.overrideConcurrencyLimit(place, 2);
    expect(over.concurrency).toMatchObject({ current: 2, base: 1, override: 2 });
    await register(server.worker);
    const ids = [await made("shared-1"), await made("shared-1"), await made("shared-1")];
    expect(await startedIds()).toEqual(ids.slice(0, 2));
    expect((await queues.resetConcurrencyLimit(place)).concurrencyLimit).toBe(1);
    await end(ids[0] ?? "");
    expect(await startedIds()).toEqual([]);
    await end(ids[1] ?? "");
    expect(await startedIds()).toEqual(ids.slice(2));
    await end(ids[2] ?? "");
  });

  test("named limits are listed, overridden, paused and reset", async () => {
    const { data } = await concurrencyLimits.list();
    expect(data.map(({ name }) => name)).toEqual(["model", "task/capped"]);
    expect((await concurrencyLimits.override("model", { total: 3 })).total).toMatchObject({
      current: 3,
      base: 1,
    });
    expect((await concurrencyLimits.pause("model")).paused).toBe(true);
    const id = await made("model-1");
    expect(await startedIds()).toEqual([]);
    await concurrencyLimits.resume("model");
    expect(await startedIds()).toEqual([id]);
    expect((await concurrencyLimits.reset("model")).total).toMatchObject({ current: 1, override: null });
    await end(id);
  });

  test("one key may be given more slots for a while", async () => {
    const key = { concurrencyKey: "big" };
    const over = await concurrencyLimits.override("task/capped", { ...key, perKey: 2, ttl: "1h" });
    expect(over.perKey).toMatchObject({ current: 2, base: 1, override: 2 });
    const ids = [await made("capped", key), await made("capped", key)];
    expect(await startedIds()).toEqual(ids);
    expect(await concurrencyLimits.retrieve("task/capped", key)).toMatchObject({ running: 2 });
    expect((await concurrencyLimits.reset("task/capped", key)).perKey.override).toBe(null);
    await end(...ids);
    await expect(concurrencyLimits.override("model", { ...key, perKey: 2 })).rejects.toMatchObject({
      status: 422,
    });
  });
});
