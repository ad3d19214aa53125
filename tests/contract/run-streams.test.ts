import { apiClientManager, realtimeStreams } from "@trigger.dev/core/v3";
import { StandardRealtimeStreamsManager } from "@trigger.dev/core/v3/workers";
import { runs, streams, tasks } from "@trigger.dev/sdk";
import { beforeAll, describe, expect, test } from "vitest";
import { sdkServer } from "../support/sdk-server.ts";

const server = sdkServer();
beforeAll(() => {
  // What a run process sets up before it runs a task: without it the SDK's streams write nothing.
  const client = apiClientManager.clientOrThrow();
  realtimeStreams.setGlobalManager(new StandardRealtimeStreamsManager(client, server.trigger.url));
});

async function executing(options: object = {}): Promise<string> {
  const { id } = await tasks.trigger("task-a", {}, options);
  await server.worker.take(id);
  return id;
}

async function* of(...values: unknown[]): AsyncIterable<unknown> {
  yield* values;
}

/** The first records of a stream, as the SDK reads them. */
async function firstOf(runId: string, name: string, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const chunk of await streams.read(runId, name)) {
    seen.push(chunk);
    if (seen.length === count) break;
  }
  return seen;
}

describe("a stream of a run", () => {
  test("reaches a reader who came before it, in order, as the values that were written", async () => {
    const id = await executing();
    const reading = firstOf(id, "steps", 3);
    const written = streams.pipe("steps", of({ n: 1 }, "two"), { target: id });
    await written.waitUntilComplete();
    await streams.append("steps", "three", { target: id });
    expect(await reading).toEqual([{ n: 1 }, "two", "three"]);
    await runs.cancel(id);
  });

  test("is named in the run's subscription, and is there after a restart", async () => {
    const id = await executing();
    await streams.append("kept", "before", { target: id });
    const named = `select realtime_streams from local_trigger.runs where id = $1`;
    expect(await server.trigger.local.query(named, [id])).toEqual([{ realtime_streams: ["kept"] }]);
    await server.trigger.local.restart();
    await streams.append("kept", "after", { target: id });
    expect(await firstOf(id, "kept", 2)).toEqual(["before", "after"]);
    const seen: unknown[] = [];
    for await (const part of runs.subscribeToRun(id).withStreams<{ kept: string }>()) {
      if (part.type === "kept") seen.push(part.chunk);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(["before", "after"]);
    await runs.cancel(id);
  });

  test("of a parent or a root takes what its child writes", async () => {
    const parent = await executing();
    const { body } = await server.call<{ id: string }>("POST", "/api/v1/tasks/task-a/trigger", {
      body: { payload: "{}", options: { parentRunId: parent } },
    });
    for (const target of ["parent", "root"])
      await server.call("POST", `/realtime/v1/streams/${body.id}/${target}/shared/append`, { body: target });
    expect(await firstOf(parent, "shared", 2)).toEqual(["parent", "root"]);
    await runs.cancel(parent);
  });

  test("takes a part once, however often it is sent, and nothing once the run has ended", async () => {
    const id = await executing();
    const path = `/realtime/v1/streams/${id}/self/parts/append`;
    const headers = { "x-part-id": "part-1" };
    for (const body of ["one", "one"])
      expect((await server.call("POST", path, { body, headers })).status).toBe(200);
    await server.call("POST", path, { body: "two" });
    expect(await firstOf(id, "parts", 2)).toEqual(["one", "two"]);
    await runs.cancel(id);
    const { snapshot } = await server.worker.latest(id);
    await server.worker.complete(id, snapshot.friendlyId, { ok: true });
    expect((await server.call("POST", path, { body: "late" })).status).toBe(400);
    expect((await server.call("PUT", `/realtime/v1/streams/${id}/self/parts`)).status).toBe(400);
  });

  test("is read by a scope for its run, and written by the secret key alone", async () => {
    const id = await executing();
    await streams.append("scoped", "x", { target: id });
    const status = async (scope: string) => {
      const gone = new AbortController();
      const reply = await fetch(`${server.trigger.url}/realtime/v1/streams/${id}/scoped`, {
        headers: { authorization: `Bearer ${await server.trigger.token([scope])}` },
        signal: gone.signal,
      });
      gone.abort();
      return reply.status;
    };
    expect(await status(`read:runs:${id}`)).toBe(200);
    expect(await status("read:runs:run_other")).toBe(403);
    const as = await server.trigger.token(["admin"]);
    expect((await server.call("PUT", `/realtime/v1/streams/${id}/self/scoped`, { as })).status).toBe(403);
    await runs.cancel(id);
  });
});

describe("an input stream of a run", () => {
  const send = (id: string, data: unknown, as?: string) =>
    server.call("POST", `/realtime/v1/streams/${id}/input/approval`, {
      body: { data },
      ...(as ? { as } : {}),
    });
  const approval = streams.input<{ ok: boolean }>({ id: "approval" });

  async function waitFor(id: string, lastSeqNum?: number): Promise<string> {
    const made = await server.call<{ waitpointId: string }>("POST", `/api/v1/runs/${id}/input-streams/wait`, {
      body: { streamId: "approval", timeout: "1h", ...(lastSeqNum === undefined ? {} : { lastSeqNum }) },
    });
    const path = `/engine/v1/runs/${id}/waitpoints/tokens/${made.body.waitpointId}/wait`;
    expect((await server.call("POST", path, { body: {} })).status).toBe(200);
    return made.body.waitpointId;
  }
  const outcome = async (id: string) => (await server.worker.latest(id)).completedWaitpoints[0]?.output;

  test("ends a wait with the data that comes after it, over a restart", async () => {
    const id = await executing();
    await waitFor(id);
    expect((await server.worker.latest(id)).snapshot.executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
    await server.trigger.local.restart();
    await approval.send(id, { ok: true });
    await expect.poll(() => outcome(id)).toBe('{"ok":true}');
    await runs.cancel(id);
  });

  test("ends a wait with data that came before it, and not with what the run has read", async () => {
    const id = await executing();
    await approval.send(id, { ok: true });
    await waitFor(id);
    await expect.poll(() => outcome(id)).toBe('{"ok":true}');
    await waitFor(id, 0);
    expect((await server.worker.latest(id)).snapshot.executionStatus).toBe("EXECUTING_WITH_WAITPOINTS");
    await approval.send(id, { ok: false });
    await expect.poll(() => outcome(id)).toBe('{"ok":false}');
    await runs.cancel(id);
  });

  test("keeps text as text, for the one who reads it", async () => {
    const id = await executing();
    await send(id, "1");
    const chunks = await firstOf(id, "input/approval", 1);
    expect(chunks).toEqual(['"1"']);
    await runs.cancel(id);
  });

  test("takes data from a token of its run, and from no other", async () => {
    const id = await executing();
    expect((await send(id, 1, await server.trigger.token([`write:inputStreams:${id}`]))).status).toBe(200);
    expect((await send(id, 1, await server.trigger.token([`write:inputStreams:run_other`]))).status).toBe(
      403,
    );
    expect((await send(id, 1, await server.trigger.token([`read:runs:${id}`]))).status).toBe(403);
    expect((await send("run_unknown", 1)).status).toBe(404);
    await runs.cancel(id);
  });
});
