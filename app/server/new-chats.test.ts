import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebUnderTest } from "../../tests/support/web-routes.ts";

let web: WebUnderTest;
beforeAll(async () => {
  process.env.LIMIT_ANSWERS_PER_MINUTE = "1";
  web = await WebUnderTest.start();
});
afterAll(() => web.stop());

test("somebody who begins chat after chat is told when to go on; chats that are there, and other people's, open", async () => {
  const [ada, bob] = [await web.person(), await web.person()];
  const chats = Array.from({ length: 4 }, () => randomUUID());
  for (const chatId of chats) expect((await web.openSession(ada.cookie, chatId)).status).toBe(200);
  const refused = await web.openSession(ada.cookie, randomUUID());
  expect(refused.status).toBe(429);
  expect(await web.db().chat.count({ where: { userId: ada.userId } })).toBe(4);
  for (const chatId of chats) expect((await web.openSession(ada.cookie, chatId)).status).toBe(200);
  expect((await web.openSession(bob.cookie, randomUUID())).status).toBe(200);
});
