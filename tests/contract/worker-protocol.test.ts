import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { GetProjectEnvResponse, WhoAmIResponseSchema } from "@trigger.dev/core/v3";
import { ScriptedWorker } from "../support/scripted-worker.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest & { local: LocalInside };
let worker: ScriptedWorker;
let call: ReturnType<typeof triggerClient>["call"];

beforeAll(async () => {
  trigger = await localUnderTest({ timing: { dequeueHoldMs: 500 } });
  ({ call } = triggerClient(trigger));
  worker = new ScriptedWorker(call);
});
beforeEach(() => worker.register(["task-a"]));
afterAll(() => trigger.stop());

async function start(options: Record<string, unknown> = {}): Promise<string> {
  const body = { payload: '{"n":1}', options: { payloadType: "application/json", ...options } };
  return (await call<{ id: string }>("POST", "/api/v1/tasks/task-a/trigger", { body })).body.id;
}

test("the CLI learns who it is, which project it serves and how to ask for runs", async () => {
  const as = trigger.local.accessToken;
  const me = WhoAmIResponseSchema.parse(
    (await call("GET", "/api/v2/whoami?projectRef=proj_longrun", { as })).body,
  );
  expect(me.project?.name).toBeDefined();
  for (const env of ["dev", "prod"]) {
    const project = await call("GET", `/api/v1/projects/proj_longrun/${env}`, { as });
    expect(GetProjectEnvResponse.parse(project.body)).toMatchObject({
      apiKey: trigger.key,
      apiUrl: trigger.url,
    });
  }
  expect(await worker.config()).toMatchObject({ engineUrl: trigger.url, maxConcurrentRuns: 100 });
  expect((await call("GET", "/api/v1/projects/proj_other/dev", { as })).status).toBe(404);
});

test("nobody but the holder of the access token is told the secret key", async () => {
  for (const as of [null, trigger.key, "tr_pat_wrong", await trigger.token(["admin"])]) {
    const reply = await call("GET", "/api/v1/projects/proj_longrun/dev", { as });
    expect(reply.status).toBe(401);
    expect(JSON.stringify(reply.body)).not.toContain(trigger.key);
  }
});

test("a run goes through a worker's hands in the vendor's own message forms", async () => {
  const runId = await start({ tags: ["a"], metadata: { kept: 1 } });
  const { execution, snapshot, envVars } = await worker.take(runId);
  expect(execution.run).toMatchObject({
    id: runId,
    payload: '{"n":1}',
    payloadType: "application/json",
    tags: ["a"],
    metadata: { kept: 1 },
    maxAttempts: 1,
    realtimeStreamsVersion: "v2",
  });
  expect(envVars.TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT).toBe(`${trigger.url}/otel`);
  expect(await worker.heartbeat(runId, snapshot.friendlyId)).toEqual({ ok: true });
  expect((await worker.latest(runId)).snapshot.friendlyId).toBe(snapshot.friendlyId);
  const result = await worker.complete(runId, snapshot.friendlyId, { ok: true, output: '"fine"' });
  expect(result).toMatchObject({
    attemptStatus: "RUN_FINISHED",
    snapshot: { executionStatus: "FINISHED" },
    run: { status: "COMPLETED_SUCCESSFULLY", attemptNumber: 1 },
  });
});

test("a worker that was overtaken gets 409 and is told not to try again; an unknown run is 404", async () => {
  const runId = await start();
  const [message] = await worker.dequeue();
  await call("POST", `/api/v2/runs/${runId}/cancel`);
  const snapshots = `/engine/v1/dev/runs/${runId}/snapshots/${message?.snapshot.friendlyId}`;
  const late = await call("POST", `${snapshots}/attempts/start`, { body: {} });
  expect([late.status, late.headers.get("x-should-retry")]).toEqual([409, "false"]);
  const unknown = "/engine/v1/dev/runs/run_unknown/snapshots/snapshot_x/attempts/start";
  expect((await call("POST", unknown, { body: {} })).status).toBe(404);
  expect((await call("GET", "/engine/v1/dev/runs/run_unknown/snapshots/latest")).status).toBe(404);
});

test("waiting on an unknown waitpoint, run or session is 404, on the .out side 400", async () => {
  const runId = await start();
  await worker.take(runId);
  const wait = (run: string, body: object) =>
    call("POST", `/api/v1/runs/${run}/session-streams/wait`, { body });
  const statuses = await Promise.all([
    call("POST", `/engine/v1/runs/${runId}/waitpoints/tokens/waitpoint_unknown/wait`),
    wait("run_unknown", { session: "some", io: "in" }),
    wait(runId, { session: "never-made", io: "in" }),
    wait(runId, { session: "never-made", io: "out" }),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404, 400]);
});

test("a wait for a session's input is over as soon as the input is there, under either of its ids", async () => {
  const client = triggerClient(trigger);
  await worker.register(["contract-chat"]);
  const { chatId, body: session } = await client.createSession();
  const { snapshot } = await worker.take(session.runId);
  const wait = (key: string, lastSeqNum: number) =>
    call<{ waitpointId: string }>("POST", `/api/v1/runs/${session.runId}/session-streams/wait`, {
      body: { session: key, io: "in", timeout: "1h", lastSeqNum },
    });
  const { waitpointId } = (await wait(session.id, -1)).body;
  await call("POST", `/engine/v1/runs/${session.runId}/waitpoints/tokens/${waitpointId}/wait`);
  expect((await worker.latest(session.runId)).snapshot.executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
  await client.append(chatId, { kind: "stop" });
  await expect
    .poll(async () => worker.latest(session.runId))
    .toMatchObject({
      snapshot: { executionStatus: "EXECUTING" },
      completedWaitpoints: [{ friendlyId: waitpointId, type: "MANUAL", outputIsError: false }],
    });

  const second = (await wait(chatId, -1)).body.waitpointId;
  await call("POST", `/engine/v1/runs/${session.runId}/waitpoints/tokens/${second}/wait`);
  expect(await worker.latest(session.runId)).toMatchObject({
    snapshot: { executionStatus: "EXECUTING" },
    completedWaitpoints: [{ friendlyId: second }],
  });
  expect(await worker.complete(session.runId, snapshot.friendlyId, { ok: true })).toMatchObject({
    attemptStatus: "RUN_FINISHED",
  });
});

test("the worker's socket needs the key, and tells of a cancel", async () => {
  const connect = (token: string): Socket =>
    io(`${trigger.url}/dev-worker`, {
      transports: ["websocket"],
      forceNew: true,
      extraHeaders: { authorization: `Bearer ${token}` },
    });
  const stranger = connect("wrong");
  const refusal = await new Promise<Error>((resolve) => stranger.once("connect_error", resolve));
  expect(refusal.message).toBe("unauthorized");
  stranger.close();

  const socket = connect(trigger.key);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const runId = await start();
  await worker.take(runId);
  socket.emit("run:subscribe", { version: "1", runFriendlyIds: [runId] });
  const notice = new Promise((resolve) => socket.once("run:notify", resolve));
  // The subscription has no answer: the next message on the same socket is behind it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await call("POST", `/api/v2/runs/${runId}/cancel`);
  expect(await notice).toEqual({ version: "1", run: { friendlyId: runId } });
  expect((await worker.latest(runId)).snapshot.executionStatus).toBe("PENDING_CANCEL");
  socket.close();
  await worker.disconnect([runId]);
  expect((await worker.latest(runId)).run.status).toBe("CANCELED");
});

test("presence stays open and begins with its first event", async () => {
  const response = await fetch(`${trigger.url}/engine/v1/dev/presence`, {
    headers: { authorization: `Bearer ${trigger.key}` },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toContain("event: start");
  await reader?.cancel();
});
