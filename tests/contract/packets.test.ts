import { runs, tasks } from "@trigger.dev/sdk";
import { conditionallyExportPacket, conditionallyImportPacket } from "@trigger.dev/core/v3";
import { describe, expect, test } from "vitest";
import { sdkServer } from "../support/sdk-server.ts";
import { triggerClient } from "../support/trigger-client.ts";

const server = sdkServer();

const large = { text: "large ".repeat(100_000) };

describe("a payload and an output over the inline limit", () => {
  test("reach the run, its reader and its subscriber whole, over a restart", async () => {
    const { id } = await tasks.trigger("task-a", large);
    await server.trigger.local.restart();
    const { execution, snapshot } = await server.worker.take(id);
    expect(execution.run.payloadType).toBe("application/store");
    const given = await conditionallyImportPacket({
      data: execution.run.payload,
      dataType: execution.run.payloadType,
    });
    expect(given).toMatchObject({ dataType: "application/super+json" });
    expect(JSON.parse(given.data ?? "")).toMatchObject({ json: large });
    const output = await conditionallyExportPacket(
      { data: JSON.stringify(large), dataType: "application/json" },
      `${id}-1/output`,
    );
    expect(output.dataType).toBe("application/store");
    await server.worker.complete(id, snapshot.friendlyId, {
      ok: true,
      output: output.data,
      outputType: output.dataType,
    });
    expect(await runs.retrieve(id)).toMatchObject({ payload: large, output: large });
    let last: unknown;
    for await (const run of runs.subscribeToRun(id)) last = run;
    expect(last).toMatchObject({ payload: large, output: large });
  });

  test("are read through a token of their run, and through no other", async () => {
    const { id } = await tasks.trigger("task-a", large);
    const path = `/api/v1/runs/${id}/packets/payload`;
    const read = async (scope: string) =>
      server.call<{ presignedUrl: string }>("GET", path, { as: await server.trigger.token([scope]) });
    const { body } = await read(`read:runs:${id}`);
    const blob = await fetch(body.presignedUrl);
    expect(await blob.json()).toMatchObject({ json: large });
    expect(blob.headers.get("access-control-allow-origin")).toBe("*");
    expect((await read("read:runs:run_other")).status).toBe(403);
    expect((await server.call("GET", `/api/v1/runs/${id}/packets/output`)).status).toBe(404);
    await runs.cancel(id);
  });
});

test("what a run of a session kept is gone when the session is deleted", async () => {
  const { body: session } = await triggerClient(server.trigger).createSession();
  const stored = await conditionallyExportPacket(
    { data: JSON.stringify(large), dataType: "application/json" },
    "private/output",
  );
  const keep = `update local_trigger.runs set output = $2, output_type = 'application/store' where id = $1`;
  await server.trigger.local.query(keep, [session.currentRunId ?? session.runId, stored.data]);
  const left = () =>
    server.trigger.local.query(`select path from local_trigger.packets where path = $1`, [stored.data]);
  expect(await left()).toHaveLength(1);
  await server.call("POST", `/api/v1/sessions/${session.id}/close`, { body: { reason: "deleted" } });
  expect(await left()).toHaveLength(0);
});

test("what the children of a session's runs kept goes with the session, too", async () => {
  const { body: session } = await triggerClient(server.trigger).createSession();
  const parentRunId = session.currentRunId ?? session.runId;
  const body = { payload: "a word", options: { payloadType: "text/plain", tags: ["a word"], parentRunId } };
  const { body: child } = await server.call<{ id: string }>("POST", "/api/v1/tasks/task-a/trigger", { body });
  expect((await runs.retrieve(child.id)).payload).toBe("a word");
  await server.call("POST", `/api/v1/sessions/${session.id}/close`, { body: { reason: "deleted" } });
  expect(await runs.retrieve(child.id)).toMatchObject({ payload: {}, tags: [] });
});

describe("a signed address", () => {
  async function address(method: "GET" | "PUT"): Promise<URL> {
    const version = method === "PUT" ? "v2" : "v1";
    const reply = await server.call<{ presignedUrl: string }>(
      method,
      `/api/${version}/packets/dir%2Ffile.json`,
    );
    return new URL(reply.body.presignedUrl);
  }

  test("is good for its method and its packet alone", async () => {
    const put = await address("PUT");
    expect((await fetch(put, { method: "PUT", body: "{}" })).status).toBe(200);
    expect((await fetch(put)).status).toBe(403);
    const other = new URL(put.href.replace("file.json", "other.json"));
    expect((await fetch(other, { method: "PUT", body: "{}" })).status).toBe(403);
    const get = await address("GET");
    expect(await (await fetch(get)).text()).toBe("{}");
    expect((await fetch(get, { method: "PUT", body: "{}" })).status).toBe(403);
    get.searchParams.set("expires", String(Number(get.searchParams.get("expires")) + 1));
    expect((await fetch(get)).status).toBe(403);
  });
});
