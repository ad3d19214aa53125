import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createChat, deleteChat } from "#app/models/chat.server.ts";
import { db, disconnect } from "#app/models/db.server.ts";
import { addPages, pagesOf, writePage } from "#app/models/subtask-page.server.ts";
import {
  claimSubtask,
  isWanted,
  nextGeneration,
  openSubtask,
  settleSubtasks,
  stopSubtask,
  subtask,
  writeSubtask,
} from "#app/models/subtask.server.ts";
import { recordUsage, usedBySubtasks } from "#app/models/usage.server.ts";
import { eventually } from "../../tests/support/eventually.ts";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let userId: string;
let chatId: string;

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
  chatId = randomUUID();
  await db().user.create({ data: { id: userId, email: `${userId}@example.test`, name: "Test" } });
  await createChat({ id: chatId, userId });
});

const input = { question: "How old?", urls: [] };

/** The subtask of a call; throws where there is none. */
async function open(toolCallId: string, callerRunId: string, given: object = input) {
  const wanted = {
    chatId,
    toolCallId,
    askedId: "m1",
    callerRunId,
    tool: "deepResearch",
    model: null,
  } as const;
  const row = await openSubtask({ ...wanted, input: given });
  if (row === null || row === "tooMany") throw new Error(`no subtask: ${row}`);
  return row;
}

it("is found again by its call, and by the same call of a run that took over", async () => {
  const first = await open("c1", "run1");
  expect((await open("c1", "run1")).id).toBe(first.id);
  expect((await open("c2", "run2")).id).toBe(first.id);
  expect((await open("c2", "run2")).id).toBe(first.id);
});

it("is found by the run that took over also while its own run writes it, and each of two such calls finds its own", async () => {
  const first = await open("c1", "run1");
  const waiting = async (): Promise<boolean> => {
    const [row] = await db().$queryRaw<{ n: bigint }[]>`
      SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return Number(row?.n) > 0;
  };
  const found: Promise<{ id: string }>[] = [];
  await db().$transaction(async (writes) => {
    await writes.$queryRaw`UPDATE "Subtask" SET "version" = "version" + 1 WHERE "id" = ${first.id}`;
    found.push(open("c2", "run2"));
    let over = false;
    void found[0]?.finally(() => (over = true));
    await eventually(async () => over || (await waiting()), { what: () => "it neither waits nor goes on" });
  });
  expect((await found[0])?.id).toBe(first.id);
  const second = await open("c3", "run2");
  const both = await Promise.all([open("c4", "run3"), open("c5", "run3")]);
  expect(both.map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
});

it("is not taken over by the same run, by another question, or once its turn has ended", async () => {
  const first = await open("c1", "run1");
  expect((await open("c2", "run1")).id).not.toBe(first.id);
  expect((await open("c3", "run2", { ...input, question: "How long?" })).id).not.toBe(first.id);
  await settleSubtasks(chatId, null);
  expect((await open("c4", "run3")).id).not.toBe(first.id);
});

it("is refused where one turn asks for ever, and for a chat that is gone", async () => {
  for (let call = 1; call <= 6; call += 1) await open(`c${call}`, "run1");
  const wanted = {
    chatId,
    askedId: "m1",
    callerRunId: "run1",
    tool: "delegate",
    model: null,
    input,
  } as const;
  expect(await openSubtask({ ...wanted, toolCallId: "c7" })).toBe("tooMany");
  expect(await openSubtask({ ...wanted, chatId: randomUUID(), toolCallId: "c7" })).toBeNull();
});

it("is written by its newest run alone, and by none after it was stopped", async () => {
  const { id, generation } = await open("c1", "run1");
  const old = { id, generation };
  expect(await claimSubtask(old, "child1")).toMatchObject({ userId, input, progress: null });
  expect(await writeSubtask(old, { progress: { at: 1 } })).toBe(true);
  await addPages(old, [{ url: "https://one.example/", depth: 0, title: null }], 10);
  expect(await nextGeneration(old)).toBe(true);
  expect(await nextGeneration(old)).toBe(false);
  expect(await claimSubtask(old, "child1")).toBeNull();
  expect(await writeSubtask(old, { state: "done", output: 1 })).toBe(false);
  expect(await writePage(old, "https://one.example/", { state: "read" })).toBe(false);
  const next = { id, generation: generation + 1 };
  expect(await claimSubtask(next, "child2")).toMatchObject({ progress: { at: 1 } });
  expect(await stopSubtask(id)).toEqual(["child2"]);
  expect(await isWanted(next)).toBe(false);
  expect(await writeSubtask(next, { state: "done", output: 1 })).toBe(false);
  expect(await subtask(id)).toMatchObject({ state: "stopped", output: null });
});

it("ends with its turn, but for that of a message which is answered anew", async () => {
  const { id, generation } = await open("c1", "run1");
  await claimSubtask({ id, generation }, "child1");
  expect(await settleSubtasks(chatId, "m1")).toEqual([]);
  expect(await subtask(id)).toMatchObject({ state: "running" });
  expect(await settleSubtasks(chatId, "m2")).toEqual(["child1"]);
  expect(await subtask(id)).toMatchObject({ state: "stopped" });
});

it("knows each page once, keeps to the most that it may know, and goes with its chat", async () => {
  const ref = await open("c1", "run1");
  const page = (name: string) => ({ url: `https://${name}.example/`, depth: 0, title: name });
  await addPages(ref, [page("a"), page("b"), page("a")], 3);
  await writePage(ref, page("a").url, {
    state: "read",
    foundUrl: page("c").url,
    notes: "half \u0000 a word",
  });
  await addPages(ref, [page("c"), page("b"), page("d"), page("e")], 3);
  expect((await pagesOf(ref.id)).map(({ url, position }) => [url, position])).toEqual([
    [page("a").url, 0],
    [page("b").url, 1],
    [page("d").url, 2],
  ]);
  await deleteChat({ chatId, userId });
  expect(await subtask(ref.id)).toBeNull();
  expect(await pagesOf(ref.id)).toEqual([]);
  expect(await writePage(ref, page("a").url, { state: "failed" })).toBe(false);
});

it("begins for nobody whose account is disabled", async () => {
  const ref = await open("c1", "run1");
  await db().user.update({ where: { id: userId }, data: { disabledAt: new Date() } });
  expect(await claimSubtask(ref, "child1")).toBeNull();
});

it("have used what their calls of a model did, since the turn began that asked for them", async () => {
  const call = {
    userId,
    chatId,
    model: "a:b",
    inputTokens: 10,
    outputTokens: 5,
    cachedTokens: 2,
    estimated: false,
  };
  const none = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costMicros: 0 };
  expect(await usedBySubtasks(chatId)).toEqual(none);
  await open("c1", "run1");
  await recordUsage({ ...call, kind: "subtask", costMicros: 7 });
  await recordUsage({ ...call, kind: "subtask", costMicros: 8 });
  await recordUsage({ ...call, kind: "answer", costMicros: 100 });
  expect(await usedBySubtasks(chatId)).toEqual({
    inputTokens: 20,
    outputTokens: 10,
    cachedTokens: 4,
    costMicros: 15,
  });
  await recordUsage({ ...call, kind: "subtask", costMicros: null });
  expect((await usedBySubtasks(chatId)).costMicros).toBeNull();
  await settleSubtasks(chatId, null);
  expect(await usedBySubtasks(chatId)).toEqual(none);
});
