import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endTurn, turnEnds } from "../support/control-records.ts";
import { fakeWorker, type Attempt } from "../support/fake-worker.ts";
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

const send = async (text: string) =>
  (await client.append(chat.chatId, userMessage(chat.chatId, text))).body.seq;
const current = async () =>
  (await client.call("GET", `/api/v1/sessions/${chat.chatId}`)).body["currentRunId"] as string;
const chunk = (text: string) => client.append(chat.chatId, text, { path: "out" });
const out = async () => (await client.records(chat.chatId, "out")).body.records;
const runCount = async () =>
  (await trigger.local.query("select id from local_trigger.runs where session_id = $1", [chat.body.id]))
    .length;

const turnComplete = (inputSeq: number | null) => endTurn(client, chat.chatId, inputSeq);
const boundaries = () => turnEnds(client, chat.chatId);

describe("a run that ends with an unanswered message", () => {
  const endings: [string, (attempt: Attempt) => Promise<unknown>][] = [
    ["by a crash", (attempt) => worker.crash(attempt)],
    ["with success, the message having come at the last moment", (attempt) => worker.succeed(attempt)],
    ["because its worker vanished", (attempt) => worker.disconnect(attempt.runId)],
  ];

  it.each(endings)("is continued at once: %s", async (_, end) => {
    const first = await worker.take();
    await send("unanswered");
    await end(first);
    const next = await worker.take();
    expect(next.runId).toBe(await current());
    expect(next.payload).toMatchObject({
      continuation: true,
      previousRunId: first.runId,
      sessionId: chat.body.id,
    });
    expect(await boundaries()).toEqual([]);
  });

  it("that was queued while no worker was there is continued when one is there again", async () => {
    const first = await worker.take();
    await send("unanswered");
    await worker.disconnect(first.runId);
    await trigger.local.restart();
    const again = await fakeWorker(client);
    expect((await again.take()).payload).toMatchObject({ previousRunId: first.runId });
  });

  it("is continued for messages after the last answered one, and only for messages", async () => {
    const first = await worker.take();
    await send("answered");
    await turnComplete(0);
    await client.append(chat.chatId, { kind: "stop" });
    await client.append(chat.chatId, { kind: "message", payload: { chatId: chat.chatId, trigger: "close" } });
    await worker.crash(first);
    expect(await current()).toBe(first.runId);
    expect(await runCount()).toBe(1);
  });

  it("is not continued when another run has taken over, which stays the current one", async () => {
    const first = await worker.take();
    await send("for the next run");
    const { body } = await client.call("POST", `/api/v1/sessions/${chat.chatId}/end-and-continue`, {
      body: { callingRunId: first.runId, reason: "upgrade" },
    });
    await worker.succeed(first);
    expect(await current()).toBe(body["runId"]);
    expect(await runCount()).toBe(2);
  });

  it("is not continued when the session is closed, but the turn that was waited for ends", async () => {
    const first = await worker.take();
    await send("late");
    await client.call("POST", `/api/v1/sessions/${chat.chatId}/close`, {
      body: { callingRunId: first.runId },
    });
    await worker.succeed(first);
    expect(await runCount()).toBe(1);
    expect(await boundaries()).toEqual(["0"]);
  });
});

describe("an input that no run survives", () => {
  const crashNext = async () => worker.crash(await worker.take());

  it("is given up after three continuations, with a visible error and the end of its turn", async () => {
    const poison = await send("poison");
    for (let i = 0; i < 4; i++) await crashNext();
    expect(await boundaries()).toEqual([String(poison)]);
    const [error] = await out();
    expect(error?.data).toEqual({
      type: "error",
      errorText: expect.stringContaining("could not be answered"),
    });
    expect(error?.id).not.toBe("");
    expect(await runCount()).toBe(4);
  });

  it("does not keep the next message from being answered, nor one that already waits", async () => {
    await send("poison");
    const waiting = await send("waiting");
    for (let i = 0; i < 4; i++) await crashNext();
    expect(await boundaries()).toEqual(["0"]);
    const next = await worker.take();
    await turnComplete(waiting);
    await worker.succeed(next);
    expect(await runCount()).toBe(5);
    const later = await send("later");
    const fresh = await worker.take();
    await turnComplete(later);
    await worker.crash(fresh);
    expect(await boundaries()).toEqual(["0", "1", "2"]);
  });

  it("is counted anew after every turn that was finished", async () => {
    await send("a");
    for (let i = 0; i < 3; i++) await crashNext();
    const attempt = await worker.take();
    await turnComplete(0);
    await send("b");
    await worker.crash(attempt);
    for (let i = 0; i < 2; i++) await crashNext();
    expect(await boundaries()).toEqual(["0"]);
    expect((await worker.take()).payload).toMatchObject({ continuation: true });
  });

  it("is given more patience when it is the worker that vanishes", async () => {
    await send("x");
    for (let i = 0; i < 6; i++) await worker.disconnect((await worker.take()).runId);
    expect(await boundaries()).toEqual([]);
    expect((await worker.take()).payload).toMatchObject({ continuation: true });
  });
});

describe("a run that ends with its turn open and nothing to answer", () => {
  it("gets its turn ended with an error, without naming a number that the next message will have", async () => {
    const first = await worker.take();
    await chunk('{"type":"text-delta"}');
    await worker.crash(first);
    expect(await boundaries()).toEqual([null]);
    expect(await send("next")).toBe(0);
    expect((await worker.take()).payload).toMatchObject({ continuation: true });
  });
});

describe("a run that is cancelled", () => {
  const cancel = (runId: string) => client.call("POST", `/api/v2/runs/${runId}/cancel`);

  it("gets its open turn ended under the number of the message that began it, and is not continued", async () => {
    const first = await worker.take();
    await send("answered");
    await turnComplete(0);
    await client.append(chat.chatId, { kind: "stop" });
    const open = await send("in progress");
    await chunk('{"type":"text-delta"}');
    await cancel(first.runId);
    await worker.crash(first);
    expect(open).toBe(2);
    expect(await boundaries()).toEqual(["0", "2"]);
    expect(await current()).toBe(first.runId);
  });

  it("before it was started ends the turn that it would have answered", async () => {
    await send("never seen");
    await cancel(chat.body.runId);
    expect(await boundaries()).toEqual(["0"]);
  });

  it("while idle leaves the stream as it is", async () => {
    const first = await worker.take();
    await send("a");
    await turnComplete(0);
    await cancel(first.runId);
    await expect
      .poll(async () => (await client.call("GET", `/api/v3/runs/${first.runId}`)).body["status"], {
        timeout: 5000,
      })
      .toBe("CANCELED");
    expect(await boundaries()).toEqual(["0"]);
    expect(await runCount()).toBe(1);
  });

  it("while idle leaves a message that comes before it has ended to a new run", async () => {
    const first = await worker.take();
    await send("a");
    await turnComplete(0);
    await cancel(first.runId);
    await send("b");
    expect(await current()).toBe(first.runId);
    await worker.crash(first);
    expect(await boundaries()).toEqual(["0"]);
    expect((await worker.take()).payload).toMatchObject({ continuation: true, previousRunId: first.runId });
  });

  it("with a turn open leaves a message that comes before it has ended to a new run", async () => {
    const first = await worker.take();
    await send("cancelled");
    await chunk('{"type":"text-delta"}');
    await cancel(first.runId);
    await send("next");
    await worker.crash(first);
    expect(await boundaries()).toEqual(["0"]);
    expect((await worker.take()).payload).toMatchObject({ continuation: true, previousRunId: first.runId });
  });

  it("lets a message that waits behind the cancelled one be answered by a new run", async () => {
    const first = await worker.take();
    await send("cancelled");
    await send("waiting");
    await cancel(first.runId);
    await worker.crash(first);
    expect(await boundaries()).toEqual(["0"]);
    expect((await worker.take()).payload).toMatchObject({ continuation: true, previousRunId: first.runId });
  });
});
