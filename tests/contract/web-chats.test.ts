import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outcome, tokenOf, WebUnderTest } from "../support/web-routes.ts";

let web: WebUnderTest;

beforeAll(async () => {
  web = await WebUnderTest.start();
});
afterAll(() => web.stop());

test("the first message makes the chat and leads to it; the same form again changes nothing", async () => {
  const { cookie } = await web.person();
  const [chatId, messageId] = [randomUUID(), randomUUID()];
  const fields = { chatId, messageId, text: "What is\r\n  this?" };
  for (let i = 0; i < 2; i++) {
    expect(await web.sendFirst(cookie, fields)).toMatchObject({ status: 302, location: `/chats/${chatId}` });
  }
  const records = await web.appended(chatId);
  expect(records.map(({ id }) => id)).toEqual([messageId]);
  expect(await web.runCount(chatId)).toBe(1);

  const page = await web.loadChat(cookie, chatId);
  expect(page.messages).toEqual([
    { id: messageId, role: "user", parts: [{ type: "text", text: "What is\n  this?" }] },
  ]);
  expect(page.status).toBe("submitted");
  expect(page.handle).toMatchObject({
    lastEventId: null,
    isStreaming: true,
    activeInputSeq: 0,
    pending: [{ messageId, seq: 0 }],
  });
  expect(page.triggerUrl).toBe(`http://127.0.0.1:${web.trigger.port}`);
});

test("a first message under another's id is not sent, and its text comes back", async () => {
  const chatId = randomUUID();
  await web.openSession((await web.person()).cookie, chatId);
  const answer = await web.sendFirst((await web.person()).cookie, {
    chatId,
    messageId: randomUUID(),
    text: "hello",
  });
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.body)).toMatchObject({ text: "hello" });
  expect(await web.appended(chatId)).toEqual([]);
});

test("a blank message is refused in words, and an overlong one keeps its text", async () => {
  const { cookie } = await web.person();
  const blank = await web.sendFirst(cookie, { chatId: randomUUID(), messageId: randomUUID(), text: " \r\n" });
  expect(blank).toMatchObject({ status: 400, location: null });
  expect(JSON.parse(blank.body)).toMatchObject({ error: "Write a message first." });
  const text = "x".repeat(200_001);
  const long = await web.sendFirst(cookie, { chatId: randomUUID(), messageId: randomUUID(), text });
  expect(long.status).toBe(400);
  expect((JSON.parse(long.body) as { text: string }).text).toBe(text);
});

test("a chat whose session was never made gets one when a message is sent", async () => {
  const { cookie, userId } = await web.person();
  const chatId = randomUUID();
  const { createChat } = await import("#app/models/chat.server.ts");
  await createChat({ id: chatId, userId });
  expect((await web.loadChat(cookie, chatId)).status).toBe("ready");
  const messageId = randomUUID();
  expect((await web.act(cookie, chatId, { intent: "send", messageId, text: "hello" })).status).toBe(302);
  expect((await web.appended(chatId)).map(({ id }) => id)).toEqual([messageId]);
});

test("stop without scripts is one record in the input, and no message", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  await web.openSession(cookie, chatId);
  expect((await web.act(cookie, chatId, { intent: "stop" })).location).toBe(`/chats/${chatId}`);
  expect((await web.appended(chatId)).map(({ data }) => data)).toEqual(['{"kind":"stop"}']);
  expect(await web.loadChat(cookie, chatId)).toMatchObject({ messages: [], status: "ready" });
});

test("a rename shows in the list; a blank title is refused", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  await web.openSession(cookie, chatId);
  expect(
    (await web.act(cookie, chatId, { intent: "rename", title: "  A \u0000 <b>title</b>\n " })).status,
  ).toBe(200);
  expect((await web.act(cookie, chatId, { intent: "rename", title: " " })).status).toBe(400);
  const { chats } = await web.list(cookie);
  expect(chats.map(({ id, title }) => [id, title])).toEqual([[chatId, "A \uFFFD <b>title</b>"]]);
});

test("the list holds one's own chats alone, newest first, and goes on when older ones are asked for", async () => {
  const { cookie, userId } = await web.person();
  await web.openSession((await web.person()).cookie, randomUUID());
  const ids = Array.from({ length: 65 }, () => randomUUID());
  const now = Date.now();
  await web.db().chat.createMany({
    data: ids.map((id, index) => ({ id, userId, updatedAt: new Date(now - index * 1000) })),
  });
  const first = await web.list(cookie);
  expect(first.chats.map(({ id }) => id)).toEqual(ids.slice(0, 60));
  const more = await web.list(cookie, `/chats?older=${first.older}`);
  expect(more.chats.map(({ id }) => id)).toEqual(ids);
  expect(more.older).toBeNull();
  expect((await web.list(cookie, "/chats?older=-1e9")).chats).toHaveLength(60);
});

test("delete closes the session as deleted and removes the rows; the id does not come back to life", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  const token = tokenOf(await web.openSession(cookie, chatId));
  expect(await web.act(cookie, chatId, { intent: "delete" })).toMatchObject({
    status: 302,
    location: "/chats",
  });
  expect(await web.db().chat.count({ where: { id: chatId } })).toBe(0);
  expect(await web.db().chatSession.count({ where: { id: chatId } })).toBe(0);
  expect((await outcome(web.loadChat(cookie, chatId))).status).toBe(404);
  const late = await fetch(`${web.trigger.url}/realtime/v1/sessions/${chatId}/in/append`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "X-Part-Id": randomUUID() },
    body: JSON.stringify({ kind: "message" }),
  });
  expect(late.status).toBeGreaterThanOrEqual(400);
});

test("the id of a deleted chat cannot be used again, and leaves no row", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  await web.openSession(cookie, chatId);
  await web.act(cookie, chatId, { intent: "delete" });
  expect((await web.openSession(cookie, chatId)).status).toBe(404);
  const first = await web.sendFirst(cookie, { chatId, messageId: randomUUID(), text: "hello" });
  expect(first).toMatchObject({ status: 404, location: null });
  expect(await web.db().chat.count({ where: { id: chatId } })).toBe(0);
});

test("deleting a chat that one does not look at goes nowhere", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  await web.openSession(cookie, chatId);
  expect(await web.act(cookie, chatId, { intent: "delete", stay: "1" })).toMatchObject({
    status: 200,
    location: null,
  });
});

test("health names what is missing: here no worker is registered", async () => {
  const answer = await web.health();
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body)).toEqual({ ok: false, database: true, trigger: true, worker: false });
});

test("while the Trigger API is away the history is still there, and a message comes back with its text", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  await web.openSession(cookie, chatId);
  const message = { id: "m1", role: "user", parts: [{ type: "text", text: "Are you there?" }] };
  await web.db().message.create({ data: { chatId, id: "m1", position: 0, message } });
  await web.stopTrigger();
  const page = await web.loadChat(cookie, chatId);
  expect(page.messages).toEqual([message]);
  expect(page).toMatchObject({ reachable: false, status: "submitted", handle: { publicAccessToken: null } });
  const answer = await web.act(cookie, chatId, { intent: "send", messageId: randomUUID(), text: "Not lost" });
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body)).toMatchObject({ text: "Not lost" });
  expect((await web.openSession(cookie, randomUUID())).status).toBe(503);
  expect((await web.act(cookie, chatId, { intent: "delete" })).status).toBe(503);
  expect(await web.db().chat.count({ where: { id: chatId } }), "nothing is half deleted").toBe(1);
  expect((await web.health()).status).toBe(503);
});
