import { setTimeout as sleep } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../tests/support/eventually.ts";
import { EngineUnderTest } from "../../tests/support/run-engine.ts";
import { findLatest } from "./run-store.ts";
import { findWaitpoint } from "./waitpoint-store.ts";

let engine: EngineUnderTest;

beforeAll(async () => {
  engine = await EngineUnderTest.open();
});
afterAll(() => engine.close());

function newSession() {
  const sessionId = `session_${randomUUID()}`;
  return { sessionId, stream: `sessions/${sessionId}/in` };
}

async function completedWaitpoints(runId: string) {
  return (await findLatest(engine.db, runId))?.snapshot.completedWaitpoints;
}

test("an append that falls between the run's last read and its wait is never lost", async () => {
  const { sessionId, stream } = newSession();
  const { id } = await engine.executing({ sessionId });
  for (let afterSeq = -1; afterSeq < 29; afterSeq += 1) {
    const wait = async () => {
      await sleep(Math.random() * 6);
      const made = await engine.runs.createStreamWaitpoint(id, { stream, sessionId, afterSeq });
      await engine.runs.waits.waitFor(id, made?.waitpointId ?? "");
      return made?.waitpointId ?? "";
    };
    const append = async () => {
      await sleep(Math.random() * 6);
      await engine.appendInput(sessionId, stream, "hello");
    };
    const [waitpointId] = await Promise.all([wait(), append()]);
    await engine.reachesExecution(id, "EXECUTING");
    await expect
      .poll(async () => completedWaitpoints(id), { timeout: 5_000 })
      .toMatchObject([{ friendlyId: waitpointId, type: "MANUAL", outputIsError: false }]);
  }
});

test("a record that the run has read already wakes nobody", async () => {
  const { sessionId, stream } = newSession();
  const { id } = await engine.executing({ sessionId });
  await engine.appendInput(sessionId, stream, "read before");
  const made = await engine.runs.createStreamWaitpoint(id, { stream, sessionId, afterSeq: 0 });
  await engine.runs.waits.waitFor(id, made?.waitpointId ?? "");
  await engine.db.transaction((tx) => engine.runs.wakeStream(tx, stream));
  await sleep(100);
  expect((await engine.find(id)).executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
  await engine.appendInput(sessionId, stream, "new");
  await engine.reachesExecution(id, "EXECUTING");
});

test("a wait's timeout fires, also when the server was restarted meanwhile", async () => {
  const { sessionId, stream } = newSession();
  const { id } = await engine.executing({ sessionId });
  const made = await engine.runs.createStreamWaitpoint(id, { stream, sessionId, timeout: "1s" });
  await engine.runs.waits.waitFor(id, made?.waitpointId ?? "");
  await engine.halt();
  await sleep(1_100);
  await engine.boot();
  await engine.reachesExecution(id, "EXECUTING");
  const [waitpoint] = (await completedWaitpoints(id)) ?? [];
  expect(waitpoint).toMatchObject({ friendlyId: made?.waitpointId, outputIsError: true });
  expect(JSON.parse(waitpoint?.output ?? "{}")).toMatchObject({ code: "TRIGGER_WAITPOINT_TIMEOUT" });
});

test("a waitpoint that completed just before a stop of the server still lets its run go on", async () => {
  const { id } = await engine.executing();
  const token = await engine.runs.waits.createToken({});
  await engine.runs.waits.waitFor(id, token.waitpoint.id);
  await engine.runs.stop();
  await engine.runs.waits.complete(token.waitpoint.id, { output: "1" });
  expect((await engine.find(id)).executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
  await engine.db.close();
  await engine.boot();
  await engine.reachesExecution(id, "EXECUTING");
  expect(await completedWaitpoints(id)).toMatchObject([{ output: "1" }]);
});

test("a wait for a moment ends at that moment", async () => {
  const { id } = await engine.executing();
  const date = new Date(Date.now() + 2_000);
  await engine.runs.waits.waitUntil(id, date, {});
  expect((await engine.find(id)).executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
  await engine.reachesExecution(id, "EXECUTING");
  expect(Date.now()).toBeGreaterThanOrEqual(date.getTime());
  expect(await completedWaitpoints(id)).toMatchObject([{ type: "DATETIME", outputIsError: false }]);
});

test("a token is completed once; the second answer changes nothing, and its timeout never comes", async () => {
  const { waitpoint } = await engine.runs.waits.createToken({ timeout: "5m" });
  const timers = async () =>
    (await engine.db.query("SELECT 1 FROM local_trigger.timers WHERE subject = $1", [waitpoint.id])).rows;
  expect(await timers()).toHaveLength(1);
  expect(await engine.runs.waits.complete(waitpoint.id, { output: "1" })).toBe(true);
  expect(await engine.runs.waits.complete(waitpoint.id, { output: "2" })).toBe(true);
  expect(await timers()).toEqual([]);
  expect(await findWaitpoint(engine.db, waitpoint.id)).toMatchObject({ output: "1", outputIsError: false });
  expect(await engine.runs.waits.complete("waitpoint_unknown", { output: "3" })).toBe(false);
});

test("a wait for a token that is complete already ends at once", async () => {
  const { id } = await engine.executing();
  const { waitpoint } = await engine.runs.waits.createToken({});
  await engine.runs.waits.complete(waitpoint.id, { output: '"early"' });
  expect(await engine.runs.waits.waitFor(id, waitpoint.id)).toBe(true);
  expect(await engine.find(id)).toMatchObject({ executionStatus: "EXECUTING" });
  expect(await completedWaitpoints(id)).toMatchObject([{ friendlyId: waitpoint.id, output: '"early"' }]);
});

test("an idempotency key names the same waitpoint until it expires", async () => {
  const first = await engine.runs.waits.createToken({ idempotencyKey: "k", idempotencyKeyTTL: "4s" });
  const again = await engine.runs.waits.createToken({ idempotencyKey: "k" });
  expect(again).toMatchObject({ isCached: true, waitpoint: { id: first.waitpoint.id } });
  const renewed = async () => {
    const made = await engine.runs.waits.createToken({ idempotencyKey: "k" });
    return !made.isCached && made;
  };
  const later = await eventually(renewed, { what: () => "the key never expired", ms: 30_000, everyMs: 100 });
  expect(later.waitpoint.id).not.toBe(first.waitpoint.id);
});

test("a parent that waits for a child gets its output, or its error", async () => {
  for (const child of [
    { completion: { ok: true as const, output: "42" }, seen: { output: "42", outputIsError: false } },
    {
      completion: { ok: false as const, error: { type: "STRING_ERROR", raw: "bad" } },
      seen: { output: expect.stringContaining('"raw":"bad"'), outputIsError: true },
    },
  ]) {
    const parent = await engine.executing({ sessionId: newSession().sessionId });
    const { run } = await engine.runs.triggers.trigger({
      taskIdentifier: "tested",
      payload: "{}",
      parentRunId: parent.id,
      blocksParent: true,
    });
    expect((await engine.find(parent.id)).executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
    const started = await engine.startDequeued(run.id);
    await engine.runs.attempts.complete(run.id, started.snapshotId, child.completion);
    await engine.reachesExecution(parent.id, "EXECUTING");
    expect(await completedWaitpoints(parent.id)).toMatchObject([
      { type: "RUN", completedByTaskRun: { friendlyId: run.id }, ...child.seen },
    ]);
  }
});

test("a cancelled parent takes its children with it, and what it waited for is forgotten", async () => {
  const parent = await engine.executing();
  const { run: child } = await engine.runs.triggers.trigger({
    taskIdentifier: "tested",
    payload: "{}",
    parentRunId: parent.id,
    blocksParent: true,
  });
  await engine.runs.cancel(parent.id, "over");
  await engine.runs.attempts.complete(parent.id, parent.snapshotId, {
    ok: false,
    error: { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" },
  });
  await engine.reaches(child.id, "CANCELED");
  const { rows } = await engine.db.query("SELECT 1 FROM local_trigger.waitpoints WHERE run_id = $1", [
    parent.id,
  ]);
  expect(rows).toEqual([]);
});

const crashed = {
  ok: false as const,
  error: { type: "INTERNAL_ERROR", code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE" },
};

/** An attempt that stands still, and the next one after its process was killed. */
async function killedAsItWaits(wait: (parentId: string) => Promise<unknown>): Promise<string> {
  const parent = await engine.executing({ maxAttempts: 3 });
  await wait(parent.id);
  expect((await engine.find(parent.id)).executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
  await engine.runs.attempts.complete(parent.id, parent.snapshotId, crashed);
  await engine.reaches(parent.id, "PENDING");
  await engine.startDequeued(parent.id);
  return parent.id;
}

test("an attempt does not wait for what the one before it had waited for: a batch without items, a child that lives", async () => {
  const ways = [
    (parentRunId: string) => engine.runs.batches.create({ runCount: 2, parentRunId, blocksParent: true }),
    (parentRunId: string) =>
      engine.runs.triggers.trigger({
        taskIdentifier: "nobody-takes-it",
        payload: "{}",
        parentRunId,
        blocksParent: true,
      }),
  ];
  for (const wait of ways) {
    const id = await killedAsItWaits(wait);
    const token = await engine.runs.waits.createToken({});
    await engine.runs.waits.waitFor(id, token.waitpoint.id);
    await engine.runs.waits.complete(token.waitpoint.id, { output: "1" });
    await engine.reachesExecution(id, "EXECUTING");
    expect(await completedWaitpoints(id)).toMatchObject([{ friendlyId: token.waitpoint.id }]);
  }
});

test("a wait with a key is the same one for the next attempt, and its moment still comes", async () => {
  const date = new Date(Date.now() + 3_000);
  const wait = (id: string) => engine.runs.waits.waitUntil(id, date, { idempotencyKey: "nap" });
  const id = await killedAsItWaits(wait);
  const before = await engine.db.query("SELECT id FROM local_trigger.waitpoints WHERE run_id = $1", [id]);
  expect(before.rows).toEqual([{ id: (await wait(id))?.id }]);
  await engine.reachesExecution(id, "EXECUTING");
});

test("simultaneous triggers with one key make one run; a repeated request is no new run either", async () => {
  const expiresAt = new Date(Date.now() + 60_000);
  const input = { taskIdentifier: "tested", payload: "{}", idempotency: { key: "one", expiresAt } };
  const made = await Promise.all(Array.from({ length: 8 }, () => engine.runs.triggers.trigger(input)));
  expect(new Set(made.map(({ run }) => run.id)).size).toBe(1);
  expect(made.filter(({ isCached }) => !isCached)).toHaveLength(1);

  const request = { taskIdentifier: "tested", payload: "{}", requestKey: "request-1" };
  const [first, second] = [
    await engine.runs.triggers.trigger(request),
    await engine.runs.triggers.trigger(request),
  ];
  expect(second).toMatchObject({ isCached: false, run: { id: first.run.id } });
});
