import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { RetrieveCurrentDeploymentResponseBody } from "@trigger.dev/core/v3";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { ScriptedWorker } from "../support/scripted-worker.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

/** A worker that asked a moment ago still counts for two seconds. */
const PAUSE_MS = 2_200;

let trigger: TriggerUnderTest & { local: LocalInside };
let worker: ScriptedWorker;
let call: ReturnType<typeof triggerClient>["call"];
const sockets: Socket[] = [];

beforeAll(async () => {
  trigger = await localUnderTest({ timing: { dequeueHoldMs: 2_000 } });
  ({ call } = triggerClient(trigger));
  worker = new ScriptedWorker(call);
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await trigger.stop();
});

async function connect(): Promise<Socket> {
  const extraHeaders = { authorization: `Bearer ${trigger.key}` };
  const socket = io(`${trigger.url}/dev-worker`, { transports: ["websocket"], forceNew: true, extraHeaders });
  sockets.push(socket);
  await once(socket as never, "connect");
  return socket;
}

const deployed = () => call("GET", "/api/v1/deployments/current");
const isThere = async () => (await call<{ worker: boolean }>("GET", "/healthz")).body.worker;

test("code that was registered is deployed only while a worker asks for its runs", async () => {
  const { version } = await worker.register(["task-a"]);
  expect([await isThere(), (await deployed()).status]).toEqual([false, 404]);
  const asking = worker.dequeue();
  await eventually(isThere, { what: () => "the worker that asks is not seen", ms: 5_000 });
  const reply = await deployed();
  expect(reply.status).toBe(200);
  expect(RetrieveCurrentDeploymentResponseBody.parse(reply.body)).toMatchObject({
    version,
    status: "DEPLOYED",
  });
  await asking;
  await sleep(PAUSE_MS);
  expect([await isThere(), (await deployed()).status]).toEqual([false, 404]);
});

test("a full worker, which asks for nothing and reports on its runs, is there until its socket closes", async () => {
  const body = { payload: "{}", options: { payloadType: "application/json" } };
  const { id } = (await call<{ id: string }>("POST", "/api/v1/tasks/task-a/trigger", { body })).body;
  const socket = await connect();
  const { snapshot } = await worker.take(id);
  await sleep(PAUSE_MS);
  expect(await isThere()).toBe(true);

  socket.disconnect();
  await eventually(async () => !(await isThere()), { what: () => "a gone worker is still seen", ms: 5_000 });

  await connect();
  expect(await isThere(), "the next worker has not been heard of yet").toBe(false);
  await worker.heartbeat(id, snapshot.friendlyId);
  expect(await isThere()).toBe(true);
});
