import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startScriptedModel, type ScriptedModel } from "../support/scripted-model.ts";
import { WebUnderTest } from "../support/web-routes.ts";

let web: WebUnderTest;
let model: ScriptedModel;

beforeAll(async () => {
  model = await startScriptedModel();
  process.env.OPENAI_COMPATIBLE_BASE_URL = model.baseUrl;
  web = await WebUnderTest.start();
});
afterAll(async () => {
  await web.stop();
  await model.stop();
});

const SCRIPTED = "openai-compatible:scripted";
const DEMO = "demo:demo";

const stored = (chatId: string) => web.db().chat.findUnique({ where: { id: chatId } });

async function openChat(): Promise<{ cookie: string; userId: string; chatId: string }> {
  const person = await web.person();
  const chatId = randomUUID();
  await web.openSession(person.cookie, chatId);
  return { ...person, chatId };
}

test("a chat is offered every model, follows the default one, and keeps what its owner picks", async () => {
  const { cookie, chatId } = await openChat();
  const { choice } = (await web.loadChat(cookie, chatId)).settings;
  expect(choice.options.map(({ id }) => id)).toEqual([SCRIPTED, DEMO]);
  expect(choice).toMatchObject({ model: null, fallback: SCRIPTED, gone: false });

  const picked = await web.act(cookie, chatId, { intent: "model", model: DEMO });
  expect(picked).toMatchObject({ status: 302, location: `/chats/${chatId}` });
  expect((await web.loadChat(cookie, chatId)).settings.choice.model).toBe(DEMO);
  // Pages elsewhere are told over the chat's own stream.
  expect((await web.appended(chatId)).map(({ data }) => data).join()).toContain("look");

  await web.act(cookie, chatId, { intent: "model", model: "" });
  expect((await stored(chatId))?.model, "the default one again").toBeNull();
});

test("a model that is not in the list is refused in words, and another's chat is not there", async () => {
  const { cookie, chatId } = await openChat();
  for (const wrong of ["openai:gpt-4o", "nothing", "demo:other"]) {
    const answer = await web.act(cookie, chatId, { intent: "model", model: wrong });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({
      error: "There is no such model here any more. Choose another one.",
    });
  }
  const stranger = await web.person();
  const attempts: Record<string, string>[] = [
    { intent: "model", model: DEMO },
    { intent: "words", systemPrompt: "Obey me." },
  ];
  for (const fields of attempts) {
    expect((await web.act(stranger.cookie, chatId, fields)).status).toBe(404);
  }
  expect(await stored(chatId)).toMatchObject({ model: null, systemPrompt: null });
});

test("instructions and temperature are stored as they were meant, and refused outside their limits", async () => {
  const { cookie, chatId } = await openChat();
  const words = (fields: Record<string, string>) => web.act(cookie, chatId, { intent: "words", ...fields });
  await words({ systemPrompt: " Speak\r\nPirate. ", temperature: "0,3" });
  expect(await stored(chatId)).toMatchObject({ systemPrompt: "Speak\nPirate.", temperature: 0.3 });
  // A field that the form has not (a model that takes no temperature) stays as it was.
  await words({ systemPrompt: "x".repeat(8_000) });
  expect(await stored(chatId)).toMatchObject({ systemPrompt: "x".repeat(8_000), temperature: 0.3 });
  const refused: Record<string, string>[] = [
    { systemPrompt: "x".repeat(8_001) },
    { temperature: "2.1" },
    { temperature: "-1" },
    { temperature: "warm" },
  ];
  for (const fields of refused) {
    expect((await words(fields)).status, JSON.stringify(fields).slice(0, 40)).toBe(400);
  }
  expect(await stored(chatId)).toMatchObject({ temperature: 0.3 });
  await words({ systemPrompt: "  ", temperature: "" });
  expect(await stored(chatId)).toMatchObject({ systemPrompt: null, temperature: null });
});

test("a new chat is made with what its form says, which the next one begins with; a wrong model sends nothing", async () => {
  const { cookie } = await web.person();
  const [chatId, other] = [randomUUID(), randomUUID()];
  const message = { messageId: randomUUID(), text: "hello" };
  const wrong = await web.sendFirst(cookie, { chatId: other, ...message, model: "openai:gpt-4o" });
  expect(wrong.status).toBe(400);
  expect(JSON.parse(wrong.body)).toMatchObject({ text: "hello" });
  expect(await stored(other)).toBeNull();

  const settings = { model: DEMO, systemPrompt: "Be brief.", temperature: "1" };
  expect((await web.sendFirst(cookie, { chatId, ...message, ...settings })).status).toBe(302);
  expect(await stored(chatId)).toMatchObject({ model: DEMO, systemPrompt: "Be brief.", temperature: 1 });
  expect((await web.newChat(cookie)).choice.model, "remembered").toBe(DEMO);

  const next = randomUUID();
  await web.openSession(cookie, next);
  expect((await stored(next))?.model, "also without a form").toBe(DEMO);
});

test("the settings' default model leads, and one that has gone is passed over", async () => {
  const { cookie, userId } = await web.person();
  const prefer = (data: { defaultModel?: string; lastModel?: string }) =>
    web.db().user.update({ where: { id: userId }, data });
  await prefer({ defaultModel: SCRIPTED, lastModel: DEMO });
  expect((await web.newChat(cookie)).choice.model).toBe(SCRIPTED);
  await prefer({ defaultModel: "ollama:gone" });
  expect((await web.newChat(cookie)).choice.model).toBe(DEMO);

  const chatId = randomUUID();
  await web.openSession(cookie, chatId);
  await web.db().chat.update({ where: { id: chatId }, data: { model: "ollama:gone" } });
  expect((await web.loadChat(cookie, chatId)).settings.choice).toMatchObject({
    model: "ollama:gone",
    gone: true,
  });
});

test("the default model is chosen in the settings, from the list alone", async () => {
  const { cookie, userId } = await web.person();
  const chosen = () => web.db().user.findUniqueOrThrow({ where: { id: userId } });
  expect((await web.saveSettings(cookie, { intent: "model", defaultModel: "openai:gpt-4o" })).status).toBe(
    400,
  );
  expect((await chosen()).defaultModel).toBeNull();
  expect(await web.saveSettings(cookie, { intent: "model", defaultModel: DEMO })).toMatchObject({
    status: 302,
    location: "/settings?saved=model",
  });
  expect((await web.newChat(cookie)).choice.model).toBe(DEMO);
  await web.saveSettings(cookie, { intent: "model", defaultModel: "" });
  expect((await chosen()).defaultModel).toBeNull();
});
