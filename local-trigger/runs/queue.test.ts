import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineUnderTest, TASK } from "../../tests/support/run-engine.ts";

/** How long a dequeue waits for a run; long, so that "at once" is told from it on a busy machine too. */
const HOLD_MS = 3_000;
let engine: EngineUnderTest;

beforeAll(async () => {
  engine = await EngineUnderTest.open({ dequeueHoldMs: HOLD_MS, startDeadlineAfterBootMs: 60_000 });
});
afterAll(() => engine.close());

const idsOf = (dequeued: { run: { id: string } }[]) => dequeued.map(({ run }) => run.id);

test("many dequeues at once hand out every run, and none twice", async () => {
  const created = await Promise.all(Array.from({ length: 40 }, () => engine.create()));
  const batches = await Promise.all(Array.from({ length: 12 }, () => engine.dequeue()));
  const handed = batches.flatMap(idsOf);
  expect(new Set(handed).size).toBe(handed.length);
  expect(new Set(handed)).toEqual(new Set(created.map(({ id }) => id)));
});

test("runs are handed out in the order in which they were queued", async () => {
  const first = await engine.create();
  const second = await engine.create();
  expect(idsOf(await engine.dequeue())).toEqual([first.id, second.id]);
});

test("a dequeue that waits gets the run that is queued meanwhile, at once", async () => {
  const waiting = engine.dequeue();
  await sleep(60);
  const run = await engine.create();
  const begun = performance.now();
  expect(idsOf(await waiting)).toEqual([run.id]);
  expect(performance.now() - begun).toBeLessThan(HOLD_MS / 2);
});

test("a dequeue under an older version returns empty as soon as a newer one is registered", async () => {
  const begun = performance.now();
  const waiting = engine.dequeue();
  await sleep(30);
  const newer = await engine.registerWorker();
  expect(await waiting).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(HOLD_MS / 2);
  engine.workerId = newer.id;
});

test("a run waits in the queue until a worker is there that knows its task", async () => {
  const run = await engine.create({ taskIdentifier: "unheard-of" });
  expect(await engine.dequeue()).toEqual([]);
  const knows = await engine.runs.registerWorker({
    contentHash: "other",
    tasks: [{ id: "unheard-of", filePath: "x.ts" }],
  });
  expect(idsOf(await engine.dequeue(knows.id))).toEqual([run.id]);
});

test("a run whose answer never reached the worker is queued again, before younger ones", async () => {
  const older = await engine.create();
  const handed = await engine.dequeue();
  const younger = await engine.create();
  await engine.runs.queue.giveBack(handed);
  expect(idsOf(await engine.dequeue())).toEqual([older.id, younger.id]);
  expect(await engine.runs.attempts.start(older.id, handed[0]?.snapshot.id ?? "")).toBe("stale");
});

test("a run that is queued but not handed out survives a restart, and so does a delayed one", async () => {
  const queued = await engine.create();
  const delayed = await engine.create({ delayUntil: new Date(Date.now() + 4_000) });
  await engine.restart();
  expect(idsOf(await engine.dequeue())).toEqual([queued.id]);
  await engine.reaches(delayed.id, "PENDING");
  expect(idsOf(await engine.dequeue())).toEqual([delayed.id]);
});

test("a run that nobody started within its ttl expires", async () => {
  const { id } = await engine.create({ taskIdentifier: "nobody-knows-this", ttl: "1s" });
  expect((await engine.reaches(id, "EXPIRED")).error).toMatchObject({ type: "STRING_ERROR" });
});

test("a child that is locked to its parent's version gets it, until that version is gone", async () => {
  const old = await engine.registerWorker();
  await engine.create();
  const [parent] = await engine.dequeue(old.id);
  if (!parent) throw new Error("the parent was not handed out");
  await engine.runs.attempts.start(parent.run.id, parent.snapshot.id);
  const newer = await engine.registerWorker();
  const locked = { lockToVersion: old.version, parentRunId: parent.run.id };
  await engine.create(locked);
  expect((await engine.dequeue(newer.id)).map(({ worker }) => worker.id)).toEqual([old.id]);

  await engine.runs.cancel(parent.run.id, "over");
  await engine.runs.disconnect([parent.run.id]);
  await engine.create({ taskIdentifier: TASK, lockToVersion: old.version });
  expect((await engine.dequeue(newer.id)).map(({ worker }) => worker.id)).toEqual([newer.id]);
});

test("a worker with room for children alone is given those alone, past what was queued before them", async () => {
  const parent = await engine.executing();
  const other = await engine.create();
  const child = await engine.create({ parentRunId: parent.id });
  const only = { childrenOnly: true };
  const { signal } = new AbortController();
  expect(idsOf(await engine.runs.queue.dequeue(engine.workerId, signal, only))).toEqual([child.id]);
  expect(idsOf(await engine.runs.queue.dequeue(engine.workerId, signal, only))).toEqual([]);
  expect(idsOf(await engine.dequeue())).toEqual([other.id]);
});

test("no more runs are handed out than the worker has room for; the next ones wait in the queue", async () => {
  const made = [await engine.create(), await engine.create(), await engine.create()].map(({ id }) => id);
  const ask = (maxRunCount: number) =>
    engine.runs.queue.dequeue(engine.workerId, new AbortController().signal, { maxRunCount });
  expect(idsOf(await ask(1))).toEqual(made.slice(0, 1));
  expect((await engine.find(made[1] ?? "")).executionStatus).toBe("QUEUED");
  expect(idsOf(await ask(5))).toEqual(made.slice(1));
});

test("the first dequeue of a worker that was started again gets what the one before it was handed and never began", async () => {
  const own = await EngineUnderTest.open();
  const begun = await own.executing();
  const lost = [await own.create(), await own.create()].map(({ id }) => id);
  expect(idsOf(await own.dequeue())).toEqual(lost);
  const { signal } = new AbortController();
  expect(idsOf(await own.runs.queue.dequeue(own.workerId, signal, { isFirst: true }))).toEqual(lost);
  expect((await own.find(begun.id)).executionStatus).toBe("EXECUTING");
  await own.close();
});
