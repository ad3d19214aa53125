import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let decisions: typeof import("./decision.server.ts");
let chats: typeof import("./chat.server.ts");
let transcripts: typeof import("./transcript.server.ts");
let models: typeof import("./db.server.ts");

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  decisions = await import("./decision.server.ts");
  chats = await import("./chat.server.ts");
  transcripts = await import("./transcript.server.ts");
  models = await import("./db.server.ts");
});
afterAll(async () => {
  await models.disconnect();
  await database.drop();
});

const approval = (toolCallId: string, url = "https://a.example", id: string = randomUUID()) => ({
  type: "tool-fetchPage",
  toolCallId,
  state: "approval-requested",
  input: { url },
  approval: { id },
});
const colour = {
  type: "tool-askUser",
  toolCallId: "colour",
  state: "input-available",
  input: { question: "Which?", choices: ["Red", "Blue"] },
};

const answerOf = (parts: object[], id = "a1") =>
  ({ id, role: "assistant", parts: [{ type: "step-start" }, ...parts] }) as unknown as LongrunUIMessage;

/** A person's chat that ends with an answer whose calls wait. */
async function waitingChat(parts: object[]) {
  const userId = randomUUID();
  await models.db().user.create({ data: { id: userId, email: `${userId}@example.test`, name: "Test" } });
  const chatId = randomUUID();
  await chats.createChat({ id: chatId, userId });
  const message = answerOf(parts);
  await put(chatId, message);
  const decide = (toolCallId: string, answer: Parameters<typeof decisions.storeDecision>[0]["answer"]) =>
    decisions.storeDecision({ userId, chatId, toolCallId, answer });
  return { userId, chatId, message, decide };
}

async function put(chatId: string, message: LongrunUIMessage): Promise<void> {
  const changes = [{ op: "put" as const, message }];
  await transcripts.writeTranscript({ chatId, changes, head: { to: message.id } });
}

test("of decisions that are made at the same moment the first about a call counts, and exactly one is the last", async () => {
  const calls = ["one", "two", "three", "four"];
  const { chatId, message, decide } = await waitingChat(calls.map((id) => approval(id)));
  const made = await Promise.all(
    [...calls, ...calls].map((id, at) =>
      decide(id, at < calls.length ? { approved: true } : { approved: false }),
    ),
  );
  const stored = made.filter((one) => one?.outcome === "stored");
  expect(stored).toHaveLength(calls.length);
  expect(new Set(stored.map((one) => one?.waiting?.left))).toEqual(new Set([0, 1, 2, 3]));
  expect(made.filter((one) => one?.outcome === "decided")).toHaveLength(calls.length);
  expect(new Set(made.map((one) => one?.waiting?.key)).size, "one key for all of them").toBe(1);
  expect(new Set(Object.keys(await decisions.readDecisions(chatId, message)))).toEqual(new Set(calls));
});

test("a question takes one of its choices alone, and an approval no answer", async () => {
  const { chatId, message, decide } = await waitingChat([colour, approval("read")]);
  expect(await decide("colour", { answer: "Green" })).toMatchObject({ outcome: "unfit" });
  expect(await decide("colour", { approved: true })).toMatchObject({ outcome: "unfit" });
  expect(await decide("read", { answer: "Red" })).toMatchObject({ outcome: "unfit" });
  expect(await decide("made-up", { approved: true })).toMatchObject({ outcome: "unsaved" });
  expect(await decide("colour", { answer: "Blue" })).toMatchObject({
    outcome: "stored",
    waiting: { left: 1 },
  });
  expect(await decide("colour", { answer: "Red" })).toMatchObject({ outcome: "decided" });
  expect(await decisions.readDecisions(chatId, message), "what was kept first").toEqual({
    colour: { answer: "Blue" },
  });
});

test("a decision is about what was asked: a later call under the same id has none", async () => {
  const { chatId, decide } = await waitingChat([approval("call_1"), approval("call_2")]);
  await decide("call_1", { approved: true });
  const later = answerOf([approval("call_1", "https://b.example"), approval("call_2")]);
  await put(chatId, later);
  expect(await decisions.readDecisions(chatId, later)).toEqual({});
  expect(await decide("call_1", { approved: false, reason: "not that one" })).toMatchObject({
    outcome: "stored",
    waiting: { left: 1 },
  });
  expect(await decisions.readDecisions(chatId, later)).toEqual({
    call_1: { approved: false, reason: "not that one" },
  });
});

test("an answer that was left behind takes no decision, and what was decided about it has no effect", async () => {
  const { userId, chatId, message, decide } = await waitingChat([approval("one"), approval("two")]);
  await decide("one", { approved: true });
  const next = answerOf([{ type: "text", text: "Something else." }], "a2");
  await put(chatId, next);
  expect(await decide("two", { approved: true })).toEqual({ outcome: "unsaved", waiting: null });
  expect(await decisions.readWaiting({ userId, chatId })).toBeNull();
  expect(await decisions.readDecisions(chatId, next)).toEqual({});
  const over = answerOf([{ ...approval("one"), state: "output-denied" }]);
  expect(await decisions.readDecisions(chatId, { ...over, id: message.id })).toEqual({});
});

test("nobody decides in another's chat, and decisions go with their chat", async () => {
  const { userId, chatId, decide } = await waitingChat([approval("one"), approval("two")]);
  const stranger = { userId: randomUUID(), chatId };
  const approved = { toolCallId: "one", answer: { approved: true } as const };
  expect(await decisions.storeDecision({ ...stranger, ...approved })).toBeNull();
  expect(await decisions.readWaiting(stranger)).toBeNull();
  expect(await models.db().decision.count({ where: { chatId } })).toBe(0);
  await decide("one", { approved: true });
  expect(await models.db().decision.count({ where: { chatId } })).toBe(1);
  await chats.deleteChat({ userId, chatId });
  expect(await models.db().decision.count({ where: { chatId } })).toBe(0);
});
