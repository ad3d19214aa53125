import { apiClientManager } from "@trigger.dev/core/v3";
import { runs, tasks, type AnyRealtimeRun } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { sdkServer } from "../support/sdk-server.ts";

const server = sdkServer();

async function finish(runId: string, completion: Record<string, unknown> = { ok: true }): Promise<void> {
  const { snapshot } = await server.worker.take(runId);
  await server.worker.complete(runId, snapshot.friendlyId, completion);
}

describe("with the SDK", () => {
  test("a triggered run can be read, with its payload and output as values", async () => {
    const { id } = await tasks.trigger("task-a", { when: new Date(0) }, { tags: ["read", 'odd "tag", yes'] });
    await finish(id, { ok: true, output: '{"json":{"n":1}}', outputType: "application/super+json" });
    const run = await runs.retrieve(id);
    expect(run).toMatchObject({ status: "COMPLETED", output: { n: 1 }, tags: ["read", 'odd "tag", yes'] });
    expect(run.isSuccess).toBe(true);
    expect(run.payload).toEqual({ when: "1970-01-01T00:00:00.000Z" });
  });

  test("a failed run shows the error of its last attempt", async () => {
    const { id } = await tasks.trigger("task-a", {});
    const error = { type: "BUILT_IN_ERROR", name: "Error", message: "broken", stackTrace: "at x" };
    await finish(id, { ok: false, error });
    expect(await runs.retrieve(id)).toMatchObject({ status: "FAILED", error: { message: "broken" } });
    expect(await runs.poll(id)).toMatchObject({ isFailed: true });
  });

  test("the result of a run is read once it has ended: its output, or its error", async () => {
    const result = (id: string) => server.call("GET", `/api/v1/runs/${id}/result`);
    const { id: good } = await tasks.trigger("task-a", {});
    expect((await result(good)).status).toBe(404);
    await finish(good, { ok: true, output: '{"n":1}', outputType: "application/json" });
    const { id: bad } = await tasks.trigger("task-a", {});
    const error = { type: "BUILT_IN_ERROR", name: "Error", message: "broken", stackTrace: "at x" };
    await finish(bad, { ok: false, error });
    const read = (id: string) => apiClientManager.clientOrThrow().getRunResult(id);
    expect(await read(good)).toEqual({
      ok: true,
      id: good,
      taskIdentifier: "task-a",
      output: '{"n":1}',
      outputType: "application/json",
    });
    expect(await read(bad)).toMatchObject({ ok: false, id: bad, taskIdentifier: "task-a", error });
  });

  test("the same idempotency key names the same run until it is reset", async () => {
    const options = { idempotencyKey: "a key of 64 characters or not" };
    const first = await tasks.trigger("task-a", {}, options);
    const second = await tasks.trigger("task-a", {}, options);
    expect(second).toMatchObject({ id: first.id, isCached: true });
    await runs.cancel(first.id);
  });

  test("lists page from the newest to the oldest and back, filtered by status and tag", async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) made.unshift((await tasks.trigger("task-a", {}, { tags: ["paged"] })).id);
    await runs.cancel(made[0] ?? "");
    const page = await runs.list({ tag: "paged", limit: 2 });
    expect(page.data.map(({ id }) => id)).toEqual(made.slice(0, 2));
    const next = await page.getNextPage();
    expect(next.data.map(({ id }) => id)).toEqual(made.slice(2, 4));
    const back = await runs.list({ tag: "paged", limit: 2, before: next.data[0]?.id ?? "" });
    expect(back.data.map(({ id }) => id)).toEqual(made.slice(0, 2));
    const all: string[] = [];
    for await (const run of runs.list({ tag: "paged", status: "QUEUED", limit: 3 })) all.push(run.id);
    expect(all).toEqual(made.slice(1));
    for (const id of made.slice(1)) await runs.cancel(id);
  });

  test("a subscription follows a run through its states and ends with it", async () => {
    const { id } = await tasks.trigger("task-a", { secret: 1 }, { metadata: { step: 0 } });
    const seen: AnyRealtimeRun[] = [];
    const following = (async () => {
      for await (const run of runs.subscribeToRun(id, { skipColumns: ["payload"] })) seen.push(run);
    })();
    await expect.poll(() => seen.length).toBe(1);
    const { snapshot } = await server.worker.take(id);
    await expect.poll(() => seen.at(-1)?.status).toBe("EXECUTING");
    await server.call("PUT", `/api/v1/runs/${id}/metadata`, {
      body: { operations: [{ type: "increment", key: "step", value: 2 }] },
    });
    await expect.poll(() => seen.at(-1)?.metadata).toEqual({ step: 2 });
    const wait = await server.call<{ waitpoint: { id: string } }>(
      "POST",
      `/engine/v1/runs/${id}/wait/duration`,
      {
        body: { date: new Date(Date.now() + 4_000).toISOString() },
      },
    );
    expect(wait.status).toBe(200);
    await expect.poll(() => seen.at(-1)?.status).toBe("WAITING");
    await expect.poll(() => seen.at(-1)?.status).toBe("EXECUTING");
    await server.worker.complete(id, snapshot.friendlyId, { ok: true, output: '"end"' });
    await following;
    expect(seen.at(-1)).toMatchObject({ status: "COMPLETED", output: "end" });
    expect(seen.map(({ payload }) => payload).filter(Boolean)).toEqual([]);
  });

  test("a subscription survives a restart of the server", async () => {
    const { id } = await tasks.trigger("task-a", {});
    let last: AnyRealtimeRun | undefined;
    const following = (async () => {
      for await (const run of runs.subscribeToRun(id)) last = run;
    })();
    await expect.poll(() => last?.status).toBe("QUEUED");
    await server.trigger.local.restart();
    await finish(id);
    await following;
    expect(last?.status).toBe("COMPLETED");
  });

  test("a tag's subscription sees runs that come later, and not those of other tags", async () => {
    const seen = new Set<string>();
    const subscription = runs.subscribeToRunsWithTag("followed");
    const following = (async () => {
      for await (const run of subscription) seen.add(run.id);
    })();
    const first = await tasks.trigger("task-a", {}, { tags: ["followed"] });
    await expect.poll(() => [...seen]).toEqual([first.id]);
    const other = await tasks.trigger("task-a", {}, { tags: ["other"] });
    const second = await tasks.trigger("task-a", {}, { tags: ["followed", "x"] });
    await expect.poll(() => [...seen]).toEqual([first.id, second.id]);
    subscription.unsubscribe();
    await following;
    for (const { id } of [first, other, second]) await runs.cancel(id);
  });
});

describe("with a token", () => {
  const feed = (id: string) => `/realtime/v1/runs/${id}?offset=-1`;

  test("a run is read by a scope for it, its tag, its task or all runs, and by no other", async () => {
    const { id } = await tasks.trigger("task-a", {}, { tags: ["mine"] });
    const status = async (scopes: string[]) =>
      (await server.call("GET", feed(id), { as: await server.trigger.token(scopes) })).status;
    for (const scope of [`read:runs:${id}`, "read:runs", "read:tags:mine", "read:tasks:task-a"])
      expect([scope, await status([scope])]).toEqual([scope, 200]);
    for (const scope of ["read:runs:run_other", "write:runs", "read:tags:yours", "read:sessions"])
      expect([scope, await status([scope])]).toEqual([scope, 403]);
    expect((await server.call("GET", feed(id), { as: null })).status).toBe(401);
    expect((await server.call("GET", feed("run_unknown"))).status).toBe(404);
    await runs.cancel(id);
  });

  test("a browser's preflight is answered with the very headers that it asks for", async () => {
    const asked = "authorization,x-trigger-electric-version,x-trigger-api-version";
    const response = await fetch(`${server.trigger.url}${feed("run_any")}`, {
      method: "OPTIONS",
      headers: {
        origin: "http://page.test",
        "access-control-request-method": "GET",
        "access-control-request-headers": asked,
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toBe(asked);
    const refused = await fetch(`${server.trigger.url}${feed("run_any")}`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("the feed's headers may be read by a page: each is named, as some browsers want", async () => {
    const { id } = await tasks.trigger("task-a", {});
    const reply = await server.call("GET", feed(id));
    const exposed = reply.headers.get("access-control-expose-headers") ?? "";
    for (const name of ["electric-handle", "electric-offset", "electric-schema", "electric-cursor"])
      expect(exposed).toContain(name);
    await runs.cancel(id);
  });

  test("a browser may trigger the one task of its token, and gets a token for the run", async () => {
    const as = await server.trigger.token(["trigger:tasks:task-a"]);
    const reply = await server.call<{ id: string }>("POST", "/api/v1/tasks/task-a/trigger", {
      as,
      body: { payload: "{}" },
    });
    const token = reply.headers.get("x-trigger-jwt");
    expect((await server.call("GET", feed(reply.body.id), { as: token })).status).toBe(200);
    expect((await server.call("POST", "/api/v1/tasks/task-b/trigger", { as, body: {} })).status).toBe(403);
    await runs.cancel(reply.body.id);
  });
});

test("wrong bodies of a trigger are refused with a sentence, before a run is made", async () => {
  const refuse = async (options: object) =>
    (await server.call("POST", "/api/v1/tasks/task-a/trigger", { body: { payload: "{}", options } })).status;
  expect(await refuse({ metadata: "{not json" })).toBe(400);
  expect(await refuse({ delay: "soon" })).toBe(400);
});

test("a run that waits is listed as one that waits, and not as one that executes", async () => {
  const { id } = await tasks.trigger("task-a", {});
  await server.worker.take(id);
  const listed = async (status: "WAITING" | "EXECUTING") =>
    (await runs.list({ status })).data.map((run) => run.id).includes(id);
  expect([await listed("WAITING"), await listed("EXECUTING")]).toEqual([false, true]);
  const date = new Date(Date.now() + 60_000).toISOString();
  await server.call("POST", `/engine/v1/runs/${id}/wait/duration`, { body: { date } });
  expect([await listed("WAITING"), await listed("EXECUTING")]).toEqual([true, false]);
  await runs.cancel(id);
});

test("what is not served is refused with a sentence, and never passed over", async () => {
  const refused = async (asked: Promise<unknown>) => asked.catch((error: unknown) => error);
  const debounce = { key: "k", delay: "5s" };
  expect(await refused(tasks.trigger("task-a", {}, { debounce }))).toMatchObject({
    status: 422,
    message: expect.stringMatching(/does not debounce: trigger with delay and an idempotencyKey/) as string,
  });
  expect((await runs.list({ status: "DELAYED" })).data).toEqual([]);
  for (const query of [{ machine: "micro" as const }, { region: "eu" }, { bulkAction: "bulk_1" }])
    expect(await refused(runs.list(query))).toMatchObject({
      status: 422,
      message: expect.stringMatching(/list the runs without that filter/) as string,
    });
});

test("a run takes ten tags and no eleventh, and keeps those that it has", async () => {
  const { id } = await tasks.trigger("task-a", {}, { tags: Array.from({ length: 9 }, (_, n) => `tag ${n}`) });
  const add = (tags: string[]) => server.call("POST", `/api/v1/runs/${id}/tags`, { body: { tags } });
  expect((await add(["one", "too many"])).status).toBe(422);
  expect((await runs.retrieve(id)).tags).toHaveLength(9);
  expect((await add(["tag 8", "the tenth"])).status).toBe(200);
  const { status, body } = await add(["the eleventh"]);
  expect([status, body["error"]]).toEqual([422, "A run has at most ten tags."]);
  expect((await runs.retrieve(id)).tags).toHaveLength(10);
  const eleven = Array.from({ length: 11 }, (_, n) => `${n}`);
  const options = { tags: eleven };
  const trigger = await server.call("POST", "/api/v1/tasks/task-a/trigger", {
    body: { payload: "{}", options },
  });
  expect(trigger.status).toBe(400);
  await runs.cancel(id);
});

test("a tag's feed begins where its reader says: older runs are not in it", async () => {
  const tags = ["since"];
  const old = await tasks.trigger("task-a", {}, { tags });
  await server.trigger.local.query(
    "UPDATE local_trigger.runs SET created_at = created_at - interval '2 hours' WHERE id = $1",
    [old.id],
  );
  const fresh = await tasks.trigger("task-a", {}, { tags });
  const feed = async (createdAt: string) => {
    const { body } = await server.call<{ value?: { friendlyId: string } }[]>(
      "GET",
      `/realtime/v1/runs?tags=since&createdAt=${createdAt}&offset=-1`,
    );
    return new Set(body.flatMap(({ value }) => (value ? [value.friendlyId] : [])));
  };
  expect(await feed("1h")).toEqual(new Set([fresh.id]));
  expect(await feed("1d")).toEqual(new Set([old.id, fresh.id]));
  for (const { id } of [old, fresh]) await runs.cancel(id);
});
