import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { chatPage, createChat } from "#app/models/chat.server.ts";
import { db } from "#app/models/db.server.ts";
import { messageError, messageText } from "#app/shared/chat-message.ts";
import { AgentBench, errorsOf, until, user } from "../tests/support/agent-bench.ts";

const bench = AgentBench.install();

describe("a turn", () => {
  it("stores question and answer, and the answer says which model gave it, when and in which run", async () => {
    const answered = bench.model.answer("capital", { text: "It is Paris." });
    await bench.boot().sendMessage(user("What is the capital of France?"));
    const [asked, answer] = await bench.history(2);
    expect(asked && messageText(asked.message)).toBe("What is the capital of France?");
    expect(answer && messageText(answer.message)).toBe(answered.asked[0]?.sent);
    expect(answer?.final).toBe(true);
    expect(answer?.message.metadata).toMatchObject({
      model: "openai-compatible:scripted",
      runId: expect.stringMatching(/./) as string,
      attempt: 1,
      firstTokenMs: expect.any(Number) as number,
      durationMs: expect.any(Number) as number,
      outputTokens: 10,
      finishReason: "stop",
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
  });

  it("has its question stored before the first word of its answer is out", async () => {
    const held = bench.model.answer("hold", { text: "word ".repeat(20), holdAfter: 2 });
    const run = bench.boot();
    const turn = run.sendMessage(user("hold this"));
    await until(() => Promise.resolve(run.allChunks.some((chunk) => chunk.type === "text-delta")));
    expect((await bench.rows()).map((row) => row.message.role)).toEqual(["user"]);
    held.release();
    await turn;
    expect((await bench.history(2)).map((row) => row.message.role)).toEqual(["user", "assistant"]);
  });

  it("sends the model the whole conversation, and every message once", async () => {
    const run = bench.boot();
    await run.sendMessage(user("one apple"));
    await run.sendMessage(user("two pears"));
    const { messages } = bench.model.askedFor("two pears")[0]?.request ?? { messages: [] };
    expect(messages.map((message) => message.role)).toEqual(["system", "user", "assistant", "user"]);
  });

  it("that is stopped keeps what was said as a partial, and the next one works", async () => {
    bench.model.answer("endless", { text: "word ".repeat(200), holdAfter: 4 });
    const run = bench.boot();
    const turn = run.sendMessage(user("endless story"));
    await until(() => Promise.resolve(run.allChunks.some((chunk) => chunk.type === "text-delta")));
    await run.sendStop();
    await turn;
    await run.sendMessage(user("and now?"));
    const stored = await bench.history(4);
    expect(stored.map((row) => [row.message.role, row.final])).toEqual([
      ["user", true],
      ["assistant", false],
      ["user", true],
      ["assistant", true],
    ]);
    expect(stored[1] && messageText(stored[1].message)).toMatch(/^word/);
  });

  it("has the tools of the chat's owner, and finds only the owner's other chats", async () => {
    const [other, foreign] = [randomUUID(), randomUUID()];
    const stranger = await bench.newUser();
    const { userId } = bench;
    for (const [id, owner] of [
      [other, userId],
      [foreign, stranger],
    ] as const) {
      await createChat({ id, userId: owner });
      const message = { ...user(`the zebra of ${owner === userId ? "mine" : "another"}`, "m1") };
      await db().message.create({
        data: { chatId: id, id: "m1", position: 0, message: JSON.parse(JSON.stringify(message)) },
      });
    }
    bench.model.answer("look it up", {
      tool: { name: "searchChats", input: { query: "zebra", userId: stranger } },
      text: "found",
    });
    await bench.boot({ clientData: { userId: stranger } }).sendMessage(user("look it up"));
    const part = (await bench.history(2))[1]?.message.parts.find((one) => one.type === "tool-searchChats");
    expect(part).toMatchObject({
      state: "output-available",
      output: { hits: [{ chatId: other, messageId: "m1" }] },
    });
  });
});

describe("a database that refuses writes for a moment", () => {
  it("delays the turn, which is then stored and answered once", async () => {
    await db().$executeRaw`ALTER TABLE "Message" RENAME TO "MessageAway"`;
    const turn = bench.boot().sendMessage(user("patience"));
    await sleep(800);
    expect(bench.model.askedFor("patience")).toHaveLength(0);
    await db().$executeRaw`ALTER TABLE "MessageAway" RENAME TO "Message"`;
    await turn;
    expect((await bench.history(2)).map((row) => row.message.role)).toEqual(["user", "assistant"]);
    expect(bench.model.askedFor("patience")).toHaveLength(1);
  });
});

describe("a failure of the model", () => {
  it("is a plain sentence that names the fix, is kept in the history, and the next turn works", async () => {
    bench.model.answer("wrong key", { fail: { status: 401, message: "Incorrect API key sk-secret" } });
    const run = bench.boot();
    const turn = await run.sendMessage(user("wrong key"));
    const sentence =
      "The provider of openai-compatible:scripted refused the key. Check OPENAI_COMPATIBLE_API_KEY.";
    expect(errorsOf(turn)).toEqual([sentence]);
    const failed = (await bench.history(2))[1];
    expect(failed && messageError(failed.message)).toBe(sentence);
    expect(failed?.final).toBe(false);
    expect(errorsOf(await run.sendMessage(user("a good one")))).toEqual([]);
    const { messages } = bench.model.askedFor("a good one")[0]?.request ?? { messages: [] };
    expect(messages.map((message) => message.role)).toEqual(["system", "user", "user"]);
    expect((await bench.history(4))[1]?.final).toBe(false);
  });

  it("in the middle of the answer keeps the words that came, as a partial", async () => {
    bench.model.answer("breaks", { text: "some words before the end", cutAfter: 3 });
    const run = bench.boot();
    const turn = await run.sendMessage(user("breaks"));
    const failed = (await bench.history(2))[1];
    const sentence = failed && messageError(failed.message);
    expect(sentence).toMatch(/cannot be reached, or broke the connection/);
    expect(errorsOf(turn)).toEqual([sentence]);
    expect(failed && messageText(failed.message)).toBe("some words befo");
    expect(failed?.final).toBe(false);
    expect(errorsOf(await run.sendMessage(user("and now")))).toEqual([]);
  });

  it("that answers nothing is said as such", async () => {
    bench.model.answer("silence", { text: "" });
    expect(errorsOf(await bench.boot().sendMessage(user("silence")))[0]).toContain("answered nothing");
  });

  it("that sends far more in one piece than a record may hold is cut into pieces", async () => {
    bench.model.answer("huge", { text: "x".repeat(1_500_000), pieceSize: 1_500_000 });
    const turn = await bench.boot().sendMessage(user("huge"));
    const sizes = turn.chunks.map((chunk) => JSON.stringify(chunk).length);
    expect(Math.max(...sizes)).toBeLessThan(500_000);
    const answer = (await bench.history(2))[1];
    expect(answer && messageText(answer.message)).toHaveLength(1_500_000);
  });

  it("with a model that is not set up names the model, and answers again after another is chosen", async () => {
    await db().chat.update({ where: { id: bench.chatId }, data: { model: "anthropic:claude-x" } });
    const run = bench.boot();
    expect(errorsOf(await run.sendMessage(user("hello")))[0]).toContain("anthropic:claude-x");
    // It says in which run it failed.
    expect((await bench.history(2)).at(-1)?.message.metadata).toMatchObject({
      runId: expect.stringMatching(/./) as string,
      attempt: 1,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    await db().chat.update({ where: { id: bench.chatId }, data: { model: "demo:demo" } });
    const turn = await run.sendMessage(user("hello again"));
    expect(errorsOf(turn)).toEqual([]);
    expect((await bench.history(4)).at(-1)?.message.metadata?.model).toBe("demo:demo");
  });
});

describe("a title", () => {
  const title = () =>
    until(async () => (await chatPage({ userId: bench.userId, chatId: bench.chatId }))?.chat.title);

  it("is made by the model after the first turn, with a request of its own", async () => {
    const before = bench.model.sideRequests.length;
    await bench.boot().sendMessage(user("Tell me about rivers"));
    expect(await title()).toBe("A scripted title");
    expect(bench.model.sideRequests.length).toBe(before + 1);
  });

  it("comes from the first words where the demo model answers", async () => {
    await db().chat.update({ where: { id: bench.chatId }, data: { model: "demo:demo" } });
    await bench.boot().sendMessage(user("  **Rivers** of the north\nand more"));
    expect(await title()).toBe("Rivers of the north");
  });

  it("is made by a later run when the first one died before it", async () => {
    const first = bench.boot();
    await first.sendMessage(user("a question"));
    await title();
    await db().chat.update({ where: { id: bench.chatId }, data: { title: null } });
    await bench.endRuns();
    await bench.boot({ continuation: true }).sendMessage(user("another question"));
    expect(await title()).toBe("A scripted title");
  });
});

describe("a run that takes over", () => {
  it("goes on with the stored conversation", async () => {
    const first = bench.boot();
    await first.sendMessage(user("my name is Ada"));
    await bench.endRuns();
    await bench.boot({ continuation: true }).sendMessage(user("who am I?"));
    const request = bench.model.askedFor("who am I?")[0]?.request;
    expect(JSON.stringify(request)).toContain("my name is Ada");
    expect(await bench.history(4)).toHaveLength(4);
  });
});
