import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createChat } from "#app/models/chat.server.ts";
import { db, disconnect } from "#app/models/db.server.ts";
import { beginTurn, endTurn, forgetTurn, measure, type Limits } from "#app/models/turn.server.ts";
import { recordUsage } from "#app/models/usage.server.ts";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

const none: Limits = {
  answersPerMinute: 0,
  answersPerDay: 0,
  answersAtOnce: 0,
  tokensPerDay: 0,
  costMicrosPerDay: 0,
};

let database: TestDatabase;
let userId: string;
let chats: string[];

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
});

afterAll(async () => {
  await disconnect();
  await database.drop();
});

beforeEach(async () => {
  userId = randomUUID();
  await db().user.create({ data: { id: userId, email: `${userId}@example.test`, name: "Test" } });
  chats = Array.from({ length: 8 }, () => randomUUID());
  for (const id of chats) await createChat({ id, userId });
});

const turn = (id: string, chat = 0) => ({ id: `${userId}:${id}`, userId, chatId: chats[chat] ?? "" });
const usedOf = async (limits: Limits) =>
  (await measure(userId, limits)).map(({ limit, used }) => [limit, used]);

it("a turn is counted once, and refused with the time until there is room", async () => {
  const limits = { ...none, answersPerMinute: 2 };
  for (const id of ["a", "a", "b"]) expect(await beginTurn(turn(id), limits)).toBeNull();
  const full = await beginTurn(turn("c"), limits);
  expect(full).toMatchObject({ limit: "answersPerMinute", used: 2, of: 2 });
  expect(full?.roomIn).toBeGreaterThan(50);
  expect(full?.roomIn).toBeLessThanOrEqual(60);
});

it("a turn that is not had makes room again", async () => {
  const limits = { ...none, answersPerDay: 1 };
  expect(await beginTurn(turn("a"), limits)).toBeNull();
  await forgetTurn(turn("a").id);
  expect(await usedOf(limits)).toEqual([["answersPerDay", 0]]);
  expect(await beginTurn(turn("b"), limits)).toBeNull();
});

it("of a chat's own turns only one runs: an earlier one was lost, another chat's is not", async () => {
  const limits = { ...none, answersAtOnce: 1 };
  expect(await beginTurn(turn("a"), limits)).toBeNull();
  expect(await beginTurn(turn("b"), limits)).toBeNull();
  expect(await usedOf(limits)).toEqual([["answersAtOnce", 1]]);
  expect(await beginTurn(turn("c", 1), limits)).toMatchObject({ limit: "answersAtOnce", roomIn: 10 });
  await endTurn(chats[0] ?? "");
  expect(await beginTurn(turn("c", 1), limits)).toBeNull();
});

it("of many turns that begin at once no more are let in than the limit says", async () => {
  const limits = { ...none, answersPerMinute: 3 };
  const begun = await Promise.all(chats.map((_, at) => beginTurn(turn(`${at}`, at), limits)));
  expect(begun.filter((full) => full === null)).toHaveLength(3);
});

it("tokens and cost are summed over a day, and of two full limits the later one is told", async () => {
  const call = { userId, chatId: chats[0] ?? "", model: "a:b", kind: "answer" as const, cachedTokens: null };
  await recordUsage({ ...call, inputTokens: 40, outputTokens: 60, costMicros: 500, estimated: false });
  const limits = { ...none, answersPerMinute: 1, tokensPerDay: 100, costMicrosPerDay: 1_000 };
  expect(await usedOf(limits)).toEqual([
    ["answersPerMinute", 0],
    ["tokensPerDay", 100],
    ["costMicrosPerDay", 500],
  ]);
  expect(await beginTurn(turn("a"), limits)).toMatchObject({ limit: "tokensPerDay", used: 100 });
});
