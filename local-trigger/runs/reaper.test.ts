import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { EngineUnderTest } from "../../tests/support/run-engine.ts";

/** Heartbeats come every 100 ms; a busy machine must not make them look lost. */
const LOST_MS = 2_500;
const ENDS_MS = 20_000;
let engine: EngineUnderTest;

beforeAll(async () => {
  engine = await EngineUnderTest.open({
    reapEveryMs: 100,
    workerLostMs: LOST_MS,
    startDeadlineMs: LOST_MS,
    startDeadlineAfterBootMs: 500,
  });
});
afterAll(() => engine.close());
afterEach(() => void vi.useRealTimers());

/** Only what tells the time of day jumps; it goes on from there. */
function setClock(minutes: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + minutes * 60_000, shouldAdvanceTime: true });
}

test("a run of which nothing is heard any more is ended; one that is heard of goes on", async () => {
  const silent = await engine.executing();
  const heard = await engine.executing();
  const beats = setInterval(() => engine.runs.reaper.heardOf(heard.id), 100);
  const run = await engine.reaches(silent.id, "SYSTEM_FAILURE", ENDS_MS).finally(() => clearInterval(beats));
  expect(run.error).toMatchObject({ type: "STRING_ERROR" });
  expect((await engine.find(heard.id)).status).toBe("EXECUTING");
});

test("a run that was handed out and never started is queued again", async () => {
  const { id } = await engine.create();
  await engine.dequeue();
  await engine.reaches(id, "PENDING", ENDS_MS);
  expect((await engine.startDequeued(id)).id).toBe(id);
});

test("a restart of the server gives every worker its whole time again", async () => {
  const { id } = await engine.executing();
  await engine.halt();
  await sleep(LOST_MS + 100);
  const bootedAt = performance.now();
  await engine.boot();
  await engine.reaches(id, "SYSTEM_FAILURE", ENDS_MS);
  expect(performance.now() - bootedAt, "the whole time").toBeGreaterThan(LOST_MS);
});

test("a disconnect ends what ran, queues what did not, and leaves alone what is over", async () => {
  const running = await engine.executing();
  const over = await engine.executing();
  await engine.runs.attempts.complete(over.id, over.snapshotId, { ok: true });
  const waiting = await engine.create();
  await engine.dequeue();
  const ids = [running.id, over.id, waiting.id, "run_unknown"];
  expect(await engine.runs.disconnect(ids)).toBe(2);
  expect((await engine.find(running.id)).status).toBe("SYSTEM_FAILURE");
  expect((await engine.find(over.id)).status).toBe("COMPLETED_SUCCESSFULLY");
  expect((await engine.find(waiting.id)).status).toBe("PENDING");
});

test("a clock that is put ahead loses no run, and one that is put back hides no lost worker", async () => {
  const heard = await engine.executing();
  const beats = setInterval(() => engine.runs.reaper.heardOf(heard.id), 100);
  try {
    for (const minutes of [10, -20]) {
      const silent = await engine.executing();
      setClock(minutes);
      await engine.reaches(silent.id, "SYSTEM_FAILURE", ENDS_MS);
      expect((await engine.find(heard.id)).status, `after ${minutes} minutes`).toBe("EXECUTING");
      vi.useRealTimers();
    }
  } finally {
    clearInterval(beats);
  }
});
