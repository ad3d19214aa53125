import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { EngineUnderTest } from "../../tests/support/run-engine.ts";

let engine: EngineUnderTest;

beforeAll(async () => {
  engine = await EngineUnderTest.open({ cancelGraceMs: 500 });
});
afterAll(() => engine.close());
afterEach(() => void vi.useRealTimers());

test("a clock that is put back delays nothing that the engine wants soon", async () => {
  const run = await engine.executing();
  await engine.runs.cancel(run.id, "the test");
  expect((await engine.find(run.id)).status).not.toBe("CANCELED");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 600_000, shouldAdvanceTime: true });
  await engine.reaches(run.id, "CANCELED", 3_000);
});
