import { configure, runs, tasks, wait } from "@trigger.dev/sdk";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import { Harness } from "./fixture/harness.ts";
import type { waitingTask } from "./fixture/trigger/waiting-tasks.ts";

vi.setConfig({ testTimeout: 120_000 });

let harness: Harness;

beforeAll(async () => {
  await fixtureBuild();
  harness = await Harness.start();
  configure({ baseURL: harness.api.url, accessToken: harness.api.secretKey });
  await harness.host();
}, 180_000);
afterAll(() => harness.stop());

type Payload = Parameters<typeof waitingTask.trigger>[0];
const start = async (payload: Payload) =>
  (await tasks.trigger<typeof waitingTask>("waiting-task", payload)).id;

/** Its output once it has ended well. */
async function outcome(runId: string) {
  const run = await runs.poll<typeof waitingTask>(runId, { pollIntervalMs: 200 });
  expect([run.status, run.error]).toEqual(["COMPLETED", undefined]);
  return run.output;
}

const waits = (runId: string) =>
  expect
    .poll(async () => (await runs.retrieve(runId)).status, { timeout: 30_000, interval: 50 })
    .toBe("WAITING");

test.each(["for", "until"] as const)("wait.%s stands still until its moment, and not longer", async (how) => {
  const runId = await start({ how });
  await waits(runId);
  const { ms = 0 } = (await outcome(runId)) ?? {};
  expect(ms).toBeGreaterThanOrEqual(6_000);
  expect(ms).toBeLessThan(36_000);
});

test("triggerAndWait is handed the output of its child", async () => {
  const runId = await start({ how: "child", n: 42 });
  expect(await outcome(runId)).toMatchObject({ result: 21 });
  const { relatedRuns } = await runs.retrieve(runId);
  expect(relatedRuns.children).toMatchObject([{ taskIdentifier: "halve", status: "COMPLETED" }]);
});

test("triggerAndWait is handed the error of its child, and goes on", async () => {
  expect(await outcome(await start({ how: "child", n: 7 }))).toMatchObject({
    result: expect.stringContaining("7 is odd") as unknown,
  });
});

test("batchTriggerAndWait is handed each result at its place, the failed one too", async () => {
  expect(await outcome(await start({ how: "batch" }))).toMatchObject({
    result: [4, expect.stringContaining("3 is odd"), 2],
  });
});

test("wait.forToken goes on with what the token was completed with", async () => {
  const { id: token } = await wait.createToken({ timeout: "5m" });
  const runId = await start({ how: "token", token });
  await waits(runId);
  await wait.completeToken(token, { word: "go" });
  expect(await outcome(runId)).toMatchObject({ result: "go" });
});

test("wait.forToken is told that its token has timed out", async () => {
  const { id: token } = await wait.createToken({ timeout: "2s" });
  expect(await outcome(await start({ how: "token", token }))).toMatchObject({
    result: expect.stringContaining("timed out") as unknown,
  });
});
