import { wait } from "@trigger.dev/sdk";
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fakeWorker } from "../support/fake-worker.ts";
import { sdkServer } from "../support/sdk-server.ts";
import { ScriptedWorker } from "../support/scripted-worker.ts";
import { triggerClient, userMessage } from "../support/trigger-client.ts";
import { localUnderTest } from "../support/trigger-server.ts";

const server = sdkServer();

type Line = { event: string; errorId?: string; [field: string]: unknown };
const lines = () => server.trigger.local.logged.map((line) => JSON.parse(line) as Line);
const linesOf = (runId: string) => lines().filter((line) => line["runId"] === runId);

describe("the log", () => {
  test("names run, session and chat in each line of a chat's run, and the run that goes on after it", async () => {
    const client = triggerClient(server.trigger);
    const worker = await fakeWorker(client);
    const { chatId, body } = await client.createSession();
    await client.append(chatId, userMessage(chatId, "hello"));
    await worker.crash(await worker.take());
    const ids = { runId: body.runId, sessionId: body.id, chatId };
    const ofRun = linesOf(body.runId);
    expect(ofRun.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["session.created", "run.created", "run.changed", "session.continued"]),
    );
    for (const line of ofRun) expect(line).toMatchObject(ids);
    const { body: now } = await server.call("GET", `/api/v1/sessions/${chatId}`);
    const continued = ofRun.find(({ event }) => event === "session.continued");
    expect(continued).toMatchObject({ successor: now["currentRunId"] });
    expect(now["currentRunId"]).not.toBe(body.runId);
  });

  test("names them where a run was lost without a word, too", async () => {
    const trigger = await localUnderTest({ timing: { startDeadlineMs: 100, reapEveryMs: 100 } });
    const client = triggerClient(trigger);
    const worker = new ScriptedWorker(client.call);
    await worker.register(["contract-chat"]);
    const { chatId, body } = await client.createSession();
    await worker.dequeue();
    const lost = () => trigger.local.logged.find((line) => line.includes("run.worker-lost"));
    await expect.poll(lost).toBeDefined();
    expect(JSON.parse(lost() ?? "{}")).toMatchObject({ runId: body.runId, sessionId: body.id, chatId });
    await trigger.stop();
  });

  test("names the chat of an append that failed", async () => {
    const client = triggerClient(server.trigger);
    const { local } = server.trigger;
    const { chatId } = await client.createSession();
    const { headers } = await client.open(chatId, "out");
    const header = (name: string) => headers.get(`x-s2-${name}`) ?? "";
    await local.query("ALTER TABLE local_trigger.streams RENAME TO streams_away");
    const address = `/v1/streams/${encodeURIComponent(header("stream-name"))}/records`;
    const append = { as: header("access-token"), body: { records: [{ body: "x" }] } };
    const reply = await client.call<{ message: string }>("POST", address, append);
    await local.query("ALTER TABLE local_trigger.streams_away RENAME TO streams");
    expect(reply.status).toBe(500);
    const failed = lines().find(({ errorId }) => errorId && reply.body.message.includes(errorId));
    expect(failed).toMatchObject({ event: "s2.append_failed", level: "error", chatId });
  });

  test("has the route of a request that failed, and not the address, which may be what completes a token", async () => {
    const { url, id } = await wait.createToken({ timeout: "1h" });
    const hash = url.split("/").at(-1) ?? randomUUID();
    const { local } = server.trigger;
    await local.query("ALTER TABLE local_trigger.waitpoints RENAME TO waitpoints_away");
    const reply = await server.call<{ error: string }>("POST", new URL(url).pathname, { as: null, body: {} });
    await local.query("ALTER TABLE local_trigger.waitpoints_away RENAME TO waitpoints");
    expect(reply.status).toBe(500);
    const failed = lines().find(({ errorId }) => errorId && reply.body.error.includes(errorId));
    expect(failed).toMatchObject({
      event: "request.failed",
      method: "POST",
      route: "/api/v1/waitpoints/tokens/:token/callback/:hash",
    });
    for (const secret of [hash, id]) expect(local.logged.join("\n")).not.toContain(secret);
  });
});
