import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { EngineUnderTest } from "../../tests/support/run-engine.ts";

let engine: EngineUnderTest;

beforeAll(async () => {
  engine = await EngineUnderTest.open({
    reapEveryMs: 100,
    workerLostMs: 700,
    startDeadlineMs: 700,
    startDeadlineAfterBootMs: 300,
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
  for (let beat = 0; beat < 14; beat += 1) {
    engine.runs.reaper.heardOf(heard.id);
    await sleep(100);
  }
  const run = await engine.reaches(silent.id, "SYSTEM_FAILURE", 1_000);
  expect(run.error).toMatchObject({ type: "STRING_ERROR" });
  expect((await engine.find(heard.id)).status).toBe("EXECUTING");
});

test("a run that was handed out and never started is queued again", async () => {
  const { id } = await engine.create();
  await engine.dequeue();
  await engine.reaches(id, "PENDING");
  expect((await engine.startDequeued(id)).id).toBe(id);
});

test("a restart of the server gives every worker its whole time again", async () => {
  const { id } = await engine.executing();
  await engine.halt();
  await sleep(800);
  await engine.boot();
  await sleep(300);
  expect((await engine.find(id)).status).toBe("EXECUTING");
  await engine.reaches(id, "SYSTEM_FAILURE");
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
      await engine.reaches(silent.id, "SYSTEM_FAILURE", 3_000);
      expect((await engine.find(heard.id)).status, `after ${minutes} minutes`).toBe("EXECUTING");
      vi.useRealTimers();
    }
  } finally {
    clearInterval(beats);
  }
});
