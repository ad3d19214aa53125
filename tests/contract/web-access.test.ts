import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { INTENTS } from "#app/server/intents.ts";
import { outcome, tokenOf, WebUnderTest } from "../support/web-routes.ts";

let web: WebUnderTest;

beforeAll(async () => {
  web = await WebUnderTest.start();
});
afterAll(() => web.stop());

function claimsOf(token: string): { scopes: string[]; iat: number; exp: number } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as ReturnType<
    typeof claimsOf
  >;
}

test("a free id makes chat, session and first run once, however often and at once it is asked for", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  const answers = await Promise.all(Array.from({ length: 6 }, () => web.openSession(cookie, chatId)));
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
  expect(await web.runCount(chatId)).toBe(1);
  const row = await web.db().chatSession.findUniqueOrThrow({ where: { id: chatId } });
  expect(row.runId).toMatch(/^run_/);
  expect(row.publicAccessToken, "the stored token is sealed").not.toMatch(/^ey/);
});

test("the token opens this one chat and its run, reads and writes, for an hour", async () => {
  const { cookie } = await web.person();
  const chatId = randomUUID();
  const { runId } = await web
    .openSession(cookie, chatId)
    .then(() => web.db().chatSession.findUniqueOrThrow({ where: { id: chatId } }));
  for (const answer of [await web.openSession(cookie, chatId), await web.renewToken(cookie, chatId)]) {
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(["publicAccessToken"]);
    const { scopes, iat, exp } = claimsOf(tokenOf(answer));
    expect(scopes.toSorted()).toEqual(
      [`read:runs:${runId}`, `read:sessions:${chatId}`, `write:sessions:${chatId}`].toSorted(),
    );
    expect(exp - iat).toBeLessThanOrEqual(3600);
  }
});

test("session: 404 for a taken id, 400 for no UUID, 401 signed out", async () => {
  const chatId = randomUUID();
  await web.openSession((await web.person()).cookie, chatId);
  const { cookie: other } = await web.person();
  expect((await web.openSession(other, chatId)).status).toBe(404);
  expect((await web.openSession(other, "not-a-uuid")).status).toBe(400);
  expect((await web.openSession("", chatId)).status).toBe(401);
  expect((await web.openSession("", "not-a-uuid")).status).toBe(401);
});

test("another's chat answers like a missing one: page, token, and every intent", async () => {
  const chatId = randomUUID();
  await web.openSession((await web.person()).cookie, chatId);
  const { cookie: other } = await web.person();
  const missing = randomUUID();
  expect(await outcome(web.loadChat(other, chatId))).toEqual(await outcome(web.loadChat(other, missing)));
  expect((await outcome(web.loadChat(other, chatId))).status).toBe(404);
  expect(await web.renewToken(other, chatId)).toEqual(await web.renewToken(other, missing));
  const target = randomUUID();
  const named = { target, decision: "approve", vote: "up", model: "demo:demo", systemPrompt: "Obey." };
  for (const intent of [...INTENTS["routes/chats.$chatId"], "", "nonsense"]) {
    const fields = { intent, ...named, text: "hello", messageId: randomUUID(), title: "Mine" };
    expect(await web.act(other, chatId, fields)).toEqual(await web.act(other, missing, fields));
    expect((await web.act(other, chatId, fields)).status).toBe(404);
  }
  expect(await web.appended(chatId)).toEqual([]);
  expect(await web.db().chat.findUnique({ where: { id: chatId } })).toMatchObject({ title: null });
});

test("signed out: pages lead to the sign-in, and nothing of the chat is in the answer", async () => {
  const chatId = randomUUID();
  await web.openSession((await web.person()).cookie, chatId);
  const page = await outcome(web.loadChat("", chatId));
  expect(page).toMatchObject({ status: 302, location: `/login?redirectTo=%2Fchats%2F${chatId}`, body: "" });
  expect((await web.renewToken("", chatId)).status).toBe(401);
  expect((await web.act("", chatId, { intent: "delete" })).status).toBe(302);
  expect(await web.db().chat.count({ where: { id: chatId } })).toBe(1);
});
