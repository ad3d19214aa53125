import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { db } from "#app/models/db.server.ts";
import { deleteChat } from "#app/models/chat.server.ts";
import { spentOnChat } from "#app/models/usage.server.ts";
import { AgentBench, until, user } from "../tests/support/agent-bench.ts";

// Before any code reads the environment.
beforeAll(() => {
  process.env.MODEL_PRICES = '{"openai-compatible:scripted":{"in":3,"out":7}}';
});
const bench = AgentBench.install();

const rows = () => db().usage.findMany({ where: { userId: bench.userId }, orderBy: { at: "asc" } });
const rowsOf = (count: number) =>
  until(async () => {
    const found = await rows();
    return found.length >= count && found;
  });

it("every call leaves a row with its tokens and its price: the answer's, each step's and the title's", async () => {
  bench.model.answer("clock", { tool: { name: "currentTime", input: {} }, text: "It is late." });
  await bench.boot().sendMessage(user("clock"));
  const [, answer] = await bench.history(2);
  const found = await rowsOf(3);
  expect(
    found.map(({ kind, inputTokens, outputTokens, costMicros, estimated }) => [
      kind,
      inputTokens,
      outputTokens,
      costMicros,
      estimated,
    ]),
  ).toEqual([
    ["answer", 10, 10, 100, false],
    ["answer", 10, 10, 100, false],
    ["title", 1, 1, 10, false],
  ]);
  expect(
    found.every(({ chatId, model }) => chatId === bench.chatId && model === "openai-compatible:scripted"),
  ).toBe(true);
  expect(answer?.message.metadata).toMatchObject({ inputTokens: 20, outputTokens: 20, costMicros: 200 });
  expect(await spentOnChat(bench.chatId)).toEqual({
    calls: 3,
    inputTokens: 21,
    outputTokens: 21,
    costMicros: 210,
    unpriced: 0,
    estimated: false,
  });
});

it("an answer that is stopped costs what was asked and written, as a guess", async () => {
  bench.model.answer("endless", { text: "word ".repeat(200), holdAfter: 40 });
  const run = bench.boot();
  const turn = run.sendMessage(user("endless"));
  await until(() =>
    Promise.resolve(run.allChunks.filter((chunk) => chunk.type === "text-delta").length > 30),
  );
  await run.sendStop();
  await turn;
  const [row] = await rowsOf(1);
  expect(row).toMatchObject({ kind: "answer", estimated: true });
  expect(row?.outputTokens).toBeGreaterThan(30);
  expect(row?.inputTokens).toBeGreaterThan(50);
  expect(row?.costMicros).toBe((row?.inputTokens ?? 0) * 3 + (row?.outputTokens ?? 0) * 7);
  await sleep(100);
  expect(await rows(), "one row a call").toHaveLength(1);
});

it("a call that the provider refuses leaves no row", async () => {
  bench.model.answer("refused", { fail: { status: 400, message: "no" } });
  await bench.boot().sendMessage(user("refused"));
  await bench.history(2);
  expect(await rows()).toEqual([]);
});

it("what was spent stays when the chat is deleted, and goes with the account", async () => {
  await bench.boot().sendMessage(user("hello"));
  await rowsOf(2);
  await bench.endRuns();
  await deleteChat({ userId: bench.userId, chatId: bench.chatId });
  const kept = await rows();
  expect(kept.map(({ chatId }) => chatId)).toEqual([null, null]);
  await db().user.delete({ where: { id: bench.userId } });
  expect(await rows()).toEqual([]);
});

it("thoughts tell how long each of them took", async () => {
  bench.model.answer("ponder", { reasoning: "First this, then that, and so on.", text: "Done." });
  await bench.boot().sendMessage(user("ponder"));
  const [, answer] = await bench.history(2);
  expect(answer?.message.metadata?.reasoningMs).toEqual([expect.any(Number)]);
});
