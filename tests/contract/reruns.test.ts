import { configure, runs, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ScriptedWorker } from "../support/scripted-worker.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest & { local: LocalInside };
let worker: ScriptedWorker;

beforeAll(async () => {
  trigger = await localUnderTest({ timing: { dequeueHoldMs: 500 } });
  worker = new ScriptedWorker(triggerClient(trigger).call);
  await worker.register(["task-a"]);
  configure({ baseURL: trigger.url, accessToken: trigger.key });
});
afterAll(() => trigger.stop());

test("a replay is a new run of the same task with the same payload and tags", async () => {
  const first = await tasks.trigger("task-a", { n: 1 }, { tags: ["again"] });
  await runs.cancel(first.id);
  const { id } = await runs.replay(first.id);
  expect(id).not.toBe(first.id);
  expect(await runs.retrieve(id)).toMatchObject({ status: "QUEUED", payload: { n: 1 }, tags: ["again"] });
  await runs.cancel(id);
});

test("a replay takes another payload, and other tags, when they are given", async () => {
  const first = await tasks.trigger("task-a", { n: 1 }, { tags: ["again"] });
  const { id } = await runs.replay(first.id, { payload: "text", tags: ["other"] });
  expect(await runs.retrieve(id)).toMatchObject({ payload: "text", tags: ["other"] });
  for (const run of [first.id, id]) await runs.cancel(run);
});

test("a run of a session is not replayed", async () => {
  const { body } = await triggerClient(trigger).createSession();
  await expect(runs.replay(body.runId)).rejects.toMatchObject({ status: 422 });
});

test("a delayed run is moved to another moment, also over a restart, and a started one is not", async () => {
  const { id } = await tasks.trigger("task-a", {}, { delay: "1h" });
  const later = new Date(Date.now() + 7_200_000);
  expect((await runs.reschedule(id, { delay: later })).delayedUntil).toEqual(later);
  await trigger.local.restart();
  expect((await runs.retrieve(id)).status).toBe("DELAYED");
  await runs.reschedule(id, { delay: "1s" });
  await expect.poll(async () => (await runs.retrieve(id)).status, { timeout: 5_000 }).toBe("QUEUED");
  await expect(runs.reschedule(id, { delay: "1h" })).rejects.toMatchObject({ status: 422 });
  await runs.cancel(id);
});
