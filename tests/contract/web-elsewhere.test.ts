import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { ScriptedWorker } from "../support/scripted-worker.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { WebUnderTest } from "../support/web-routes.ts";

let web: WebUnderTest;

beforeAll(async () => {
  web = await WebUnderTest.start();
  // As `npm start` runs the web when TRIGGER_API_URL is set: nothing says that local-trigger is behind it.
  delete process.env["LOCAL_TRIGGER_PORT"];
});
afterAll(() => web.stop());

test("with a Trigger API elsewhere the web is healthy exactly while a worker is there", async () => {
  expect(JSON.parse((await web.health()).body)).toEqual({
    ok: false,
    database: true,
    trigger: true,
    worker: false,
  });
  const { call } = triggerClient({
    url: web.trigger.url,
    key: process.env["TRIGGER_SECRET_KEY"] ?? "",
    token: () => Promise.reject(new Error("no token is needed here")),
    local: null,
    stop: () => Promise.resolve(),
  });
  const worker = new ScriptedWorker(call);
  await worker.register(["longrun-chat"]);
  const asking = worker.dequeue().catch(() => []);
  await eventually(async () => (await web.health()).status === 200, {
    what: () => "the worker that asks is not seen",
    ms: 2_000,
  });
  await web.stopTrigger();
  await asking;
  expect(JSON.parse((await web.health()).body)).toMatchObject({ ok: false, trigger: false, worker: false });
});
