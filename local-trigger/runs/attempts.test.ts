import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineUnderTest } from "../../tests/support/run-engine.ts";
import type { Completion } from "./completion.ts";

let engine: EngineUnderTest;
const finished: string[] = [];

beforeAll(async () => {
  engine = await EngineUnderTest.open({ cancelGraceMs: 400 });
  engine.runs.onRunFinished(async (_tx, run) => {
    finished.push(run.id);
    await Promise.resolve();
  });
});
afterAll(() => engine.close());

const ok: Completion = { ok: true, output: '"done"', outputType: "application/json" };
const failed: Completion = { ok: false, error: { type: "STRING_ERROR", raw: "no" } };

test("a start whose answer was lost is answered again, and is still one attempt", async () => {
  const { id } = await engine.create();
  const [handed] = await engine.dequeue();
  const snapshotId = handed?.snapshot.id ?? "";
  const first = await engine.runs.attempts.start(id, snapshotId);
  expect(await engine.runs.attempts.start(id, snapshotId)).toEqual(first);
  expect(await engine.find(id)).toMatchObject({ attempt: 1, status: "EXECUTING" });
});

test("a start from a snapshot that was overtaken is refused", async () => {
  const { id } = await engine.create();
  const [handed] = await engine.dequeue();
  await engine.runs.cancel(id, "no longer wanted");
  expect(await engine.runs.attempts.start(id, handed?.snapshot.id ?? "")).toBe("stale");
  expect((await engine.find(id)).status).toBe("CANCELED");
});

test("a completion is stored once, and its repeat changes nothing", async () => {
  const { id, snapshotId } = await engine.executing();
  expect(await engine.runs.attempts.complete(id, snapshotId, ok)).toMatchObject({
    attemptStatus: "RUN_FINISHED",
  });
  await engine.runs.attempts.complete(id, snapshotId, failed);
  expect(await engine.find(id)).toMatchObject({
    status: "COMPLETED_SUCCESSFULLY",
    output: '"done"',
    error: null,
  });
  expect(finished.filter((run) => run === id)).toHaveLength(1);
});

test("a completion under an earlier snapshot of the same attempt counts, as waits move a run on", async () => {
  const { id, snapshotId } = await engine.executing();
  const token = await engine.runs.waits.createToken({});
  await engine.runs.waits.waitFor(id, token.waitpoint.id);
  expect((await engine.find(id)).snapshotId).not.toBe(snapshotId);
  expect(await engine.runs.attempts.complete(id, snapshotId, ok)).toMatchObject({
    attemptStatus: "RUN_FINISHED",
  });
});

test("a completion of an attempt that another one has replaced is refused", async () => {
  const { id, snapshotId } = await engine.executing({ maxAttempts: 3 });
  await engine.runs.disconnect([id]);
  const late = await engine.runs.attempts.complete(id, snapshotId, ok);
  expect(late).toMatchObject({ attemptStatus: "RETRY_QUEUED" });
  await engine.reaches(id, "PENDING");
  const second = await engine.startDequeued(id);
  expect(await engine.runs.attempts.complete(id, snapshotId, failed)).toBe("stale");
  await engine.runs.attempts.complete(id, second.snapshotId, ok);
  expect(await engine.find(id)).toMatchObject({ status: "COMPLETED_SUCCESSFULLY", attempt: 2 });
});

test("completions that race with cancels end each run once, and a cancel that came first wins", async () => {
  for (let round = 0; round < 15; round += 1) {
    const { id, snapshotId } = await engine.executing();
    const [completed, canceled] = await Promise.all([
      engine.runs.attempts.complete(id, snapshotId, ok),
      engine.runs.cancel(id, "enough"),
    ]);
    const run = await engine.find(id);
    const cancelCameFirst = run.cancelReason !== null;
    expect(run.status).toBe(cancelCameFirst ? "CANCELED" : "COMPLETED_SUCCESSFULLY");
    expect(run.output).toBe(cancelCameFirst ? null : '"done"');
    expect(completed).toMatchObject({ attemptStatus: "RUN_FINISHED", run: { status: run.status } });
    expect(canceled?.id).toBe(id);
    expect(finished.filter((other) => other === id)).toHaveLength(1);
  }
});

test("a run whose worker does not react to a cancel is canceled when the grace time is over", async () => {
  const { id } = await engine.executing();
  await engine.runs.cancel(id, "enough");
  expect((await engine.find(id)).executionStatus).toBe("PENDING_CANCEL");
  const run = await engine.reaches(id, "CANCELED");
  expect(run.error).toEqual({ type: "STRING_ERROR", raw: "enough" });
});

test("the grace time of a cancel goes on across a restart", async () => {
  const { id } = await engine.executing();
  await engine.runs.cancel(id, "enough");
  await engine.restart();
  await engine.reaches(id, "CANCELED");
});

test("a late retry goes back to the queue, is due again after its time, and keeps its metadata right", async () => {
  const { id, snapshotId } = await engine.executing({ maxAttempts: 3, metadata: '{"tries":0}' });
  const flushedMetadata = {
    data: JSON.stringify({ json: { operations: [{ type: "increment", key: "tries", value: 1 }] } }),
    dataType: "application/super+json",
  };
  const retry = { timestamp: Date.now() + 5_400, delay: 5_400 };
  const completion: Completion = { ...failed, retry, flushedMetadata };
  const answer = await engine.runs.attempts.complete(id, snapshotId, completion);
  expect(answer).toMatchObject({ attemptStatus: "RETRY_QUEUED" });
  await engine.runs.attempts.complete(id, snapshotId, completion);
  expect(await engine.find(id)).toMatchObject({ status: "RETRYING_AFTER_FAILURE", metadata: '{"tries":1}' });
  await engine.reaches(id, "PENDING", 8_000);
  expect((await engine.startDequeued(id)).id).toBe(id);
});

test("a soon retry stays with its worker, which starts the next attempt itself", async () => {
  const { id, snapshotId } = await engine.executing({ maxAttempts: 3 });
  const retry = { timestamp: Date.now() + 50, delay: 50 };
  const answer = await engine.runs.attempts.complete(id, snapshotId, { ...failed, retry });
  if (answer === null || answer === "stale") throw new Error("the completion was refused");
  expect(answer.attemptStatus).toBe("RETRY_IMMEDIATELY");
  expect(await engine.runs.attempts.start(id, answer.snapshot.id)).toMatchObject({ run: { attempt: 2 } });
});

test("a listener that fails does not keep its run from ending, and is asked again", async () => {
  let calls = 0;
  engine.runs.onRunFinished(async (_tx, run) => {
    if (run.tags.includes("fails-once") && (calls += 1) === 1) throw new Error("not now");
    await Promise.resolve();
  });
  const { id, snapshotId } = await engine.executing({ tags: ["fails-once"] });
  await engine.runs.attempts.complete(id, snapshotId, ok);
  expect((await engine.find(id)).status).toBe("COMPLETED_SUCCESSFULLY");
  await expect.poll(() => calls, { timeout: 5_000 }).toBe(2);
});

test("what a run says about its parent arrives there, and a run without one says it about itself", async () => {
  const parent = await engine.create();
  const child = await engine.create({ parentRunId: parent.id });
  const parentOperations = [{ type: "set" as const, key: "told", value: true }];
  await engine.runs.notes.changeMetadata(child.id, { parentOperations });
  await expect
    .poll(async () => (await engine.find(parent.id)).metadata, { timeout: 5_000 })
    .toBe('{"told":true}');
  expect(await engine.runs.notes.changeMetadata(parent.id, { parentOperations })).toEqual({ told: true });
});
