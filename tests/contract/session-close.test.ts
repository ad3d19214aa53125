import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endTurn, turnEnds, writeControl } from "../support/control-records.ts";
import { fakeWorker } from "../support/fake-worker.ts";
import { triggerClient, userMessage, type CreatedSession } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest & { local: LocalInside };
let client: ReturnType<typeof triggerClient>;
let worker: Awaited<ReturnType<typeof fakeWorker>>;
let chat: { chatId: string; body: CreatedSession };
beforeEach(async () => {
  trigger = await localUnderTest({ timing: { dequeueHoldMs: 500, cancelGraceMs: 300 } });
  client = triggerClient(trigger);
  worker = await fakeWorker(client);
  chat = await client.createSession();
});
afterEach(() => trigger.stop());

const send = (text: string) => client.append(chat.chatId, userMessage(chat.chatId, text));
const chunk = (text: string) => client.append(chat.chatId, text, { path: "out" });
const close = (callingRunId?: string) =>
  client.call("POST", `/api/v1/sessions/${chat.chatId}/close`, { body: { reason: "done", callingRunId } });
const status = async () => (await client.call("GET", `/api/v3/runs/${chat.body.runId}`)).body["status"];
const errors = async () =>
  (await client.records(chat.chatId, "out")).body.records.filter((record) =>
    JSON.stringify(record.data).includes(`"error"`),
  );

describe("closing a session", () => {
  it("with a turn open cancels the run, and ends the turn with a sentence", async () => {
    await worker.take();
    await send("in progress");
    await chunk('{"type":"text-delta"}');
    expect((await close()).status).toBe(200);
    await expect.poll(status).toBe("CANCELED");
    expect(await turnEnds(client, chat.chatId)).toEqual(["0"]);
    expect(await errors()).toMatchObject([
      { data: { type: "error", errorText: expect.stringContaining("closed before") } },
    ]);
  });

  it("with a message that nobody has begun to answer does the same, at once", async () => {
    await send("never seen");
    await close();
    await expect.poll(status).toBe("CANCELED");
    expect(await turnEnds(client, chat.chatId)).toEqual(["0"]);
    expect(await errors()).toHaveLength(1);
  });

  it("between two turns leaves the run to end by itself, and the stream as it is", async () => {
    const attempt = await worker.take();
    await send("answered");
    await endTurn(client, chat.chatId, 0);
    await close();
    await worker.succeed(attempt);
    expect(await status()).toBe("COMPLETED");
    expect(await turnEnds(client, chat.chatId)).toEqual(["0"]);
    expect(await errors()).toEqual([]);
  });

  it("by its own run, right behind its turn as the SDK does, leaves the turn as it was answered", async () => {
    const attempt = await worker.take();
    await send("goodbye");
    await chunk('{"type":"text-delta"}');
    await endTurn(client, chat.chatId, 0);
    await writeControl(client, chat.chatId, "session-closed");
    await close(attempt.runId);
    await worker.succeed(attempt);
    expect(await status()).toBe("COMPLETED");
    expect(await turnEnds(client, chat.chatId)).toEqual(["0"]);
    expect(await errors(), "the turn was answered").toEqual([]);
  });

  it("by its own run in mid-turn does not cancel it", async () => {
    const attempt = await worker.take();
    await send("goodbye");
    await chunk('{"type":"text-delta"}');
    await close(attempt.runId);
    await worker.succeed(attempt);
    expect(await status()).toBe("COMPLETED");
  });
});
