import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { db } from "#app/models/db.server.ts";
import { chatPage } from "#app/models/chat.server.ts";
import { DurableRunBench } from "../support/durable-run-bench.ts";
import { eventually } from "../support/eventually.ts";
import { numberedWords } from "../support/model-script.ts";

let bench: DurableRunBench;

beforeAll(async () => {
  bench = await DurableRunBench.start();
}, 120_000);

afterAll(() => bench.stop());

/** The texts of the messages that the model was given, without the system prompt. */
const given = (key: string, attempt: number) =>
  (bench.model.askedFor(key)[attempt - 1]?.request.messages ?? [])
    .slice(1)
    .map((message) =>
      typeof message.content === "string" ? message.content : JSON.stringify(message.content),
    );

describe("the durable run, in its real process", () => {
  it("answers, stores the answer with the cursor of its end, and gives the chat a title", async () => {
    const chat = await bench.newChat();
    bench.model.answer("plain question", { text: numberedWords(30) });
    await chat.send("plain question");
    expect(await chat.history(2)).toEqual([
      ["user", "plain question", true],
      ["assistant", numberedWords(30), true],
    ]);
    const end = await chat.ended(-1);
    const { lastEventId, runId, publicAccessToken } = await chat.cursors();
    expect(lastEventId).toBe(String(end));
    expect(runId).toMatch(/^run_/);
    expect(publicAccessToken).toMatch(/^v1\./);
    await eventually(async () => (await chatPage(chat))?.chat.title === "A scripted title", {
      what: () => "the title did not come",
      ms: 10_000,
    });
  });

  it("believes the chat of its own payload, not the one in a message's envelope", async () => {
    const [mine, theirs] = [await bench.newChat(), await bench.newChat()];
    await theirs.send("a private word");
    await theirs.history(2);
    await mine.send("into another chat", { chatId: theirs.chatId, metadata: { userId: theirs.userId } });
    expect((await mine.history(2))[0]).toEqual(["user", "into another chat", true]);
    expect((await theirs.history(2))[0]).toEqual(["user", "a private word", true]);
  });

  it("killed in mid-answer, answers the one open message anew, and nothing is there twice", async () => {
    const chat = await bench.newChat();
    await chat.send("an earlier question");
    await chat.history(2);
    const answer = numberedWords(40);
    const held = bench.model.answer("killed once", (attempt) =>
      attempt === 1 ? { text: answer, holdAfter: 8 } : { text: answer },
    );
    await chat.send("killed once");
    await held.held();
    await eventually(async () => (await chat.cursors()).runId !== null, { what: () => "no run" });
    await chat.killRun();
    const history = await chat.history(4);
    expect(history.slice(2)).toEqual([
      ["user", "killed once", true],
      ["assistant", answer, true],
    ]);
    expect(bench.model.askedFor("killed once")).toHaveLength(2);
    expect(given("killed once", 2).filter((text) => text.includes("killed once"))).toHaveLength(1);
  });

  it("killed in mid-answer with a second message waiting, keeps the partial once and answers the second", async () => {
    const chat = await bench.newChat();
    bench.model.answer("first of two", { text: numberedWords(40, "first"), holdAfter: 8 });
    bench.model.answer("second of two", { text: numberedWords(10, "second") });
    await chat.send("first of two");
    await eventually(async () => JSON.stringify(await chat.out()).includes("text-delta"), {
      what: () => "no text",
    });
    await chat.send("second of two");
    await chat.killRun();
    const history = await chat.history(4);
    expect(history.map(([role, , final]) => [role, final])).toEqual([
      ["user", true],
      ["assistant", false],
      ["user", true],
      ["assistant", true],
    ]);
    expect(history[1]?.[1]).toMatch(/^first1/);
    expect(history[3]?.[1]).toBe(numberedWords(10, "second"));
    expect(bench.model.askedFor("first of two")).toHaveLength(1);
    expect(given("second of two", 1).filter((text) => text.includes("first of two"))).toHaveLength(1);
    const { lastEventId } = await chat.cursors();
    await chat.send("and a third");
    expect((await chat.history(6)).filter(([, text]) => text === "first of two")).toHaveLength(1);
    expect(Number((await chat.cursors()).lastEventId)).toBeGreaterThan(Number(lastEventId));
  });

  it("killed between the end on the stream and the first write of it, answers nothing twice", async () => {
    const chat = await bench.newChat();
    const held = bench.model.answer("lost save", { text: numberedWords(12), holdAfter: 4 });
    await chat.send("lost save");
    await held.held();
    const row = await chat.holdRow();
    held.release();
    const end = await chat.ended(-1);
    await chat.killRun();
    await row.release();
    expect((await chat.cursors()).lastEventId).toBeNull();
    await chat.send("what came next");
    const history = await chat.history(4);
    expect(history[1]).toEqual(["assistant", numberedWords(12), true]);
    expect(bench.model.askedFor("lost save")).toHaveLength(1);
    expect(given("what came next", 1)).toHaveLength(3);
    expect(Number((await chat.cursors()).lastEventId)).toBeGreaterThan(end);
  });

  it("killed between onTurnComplete and the save, answers nothing twice", async () => {
    const chat = await bench.newChat();
    await db().$executeRawUnsafe(`
      CREATE FUNCTION slow_save() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$`);
    await db().$executeRawUnsafe(`
      CREATE TRIGGER slow_save BEFORE UPDATE ON "ChatSession" FOR EACH ROW
      WHEN (NEW."lastInEventId" IS DISTINCT FROM OLD."lastInEventId") EXECUTE FUNCTION slow_save()`);
    await chat.send("half saved");
    await chat.history(2);
    const { lastEventId, lastInEventId } = await chat.cursors();
    expect(lastEventId).not.toBeNull();
    expect(lastInEventId).toBeNull();
    await chat.killRun();
    // Postgres notices that the client is gone only after the statement.
    await db().$executeRawUnsafe(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    );
    await db().$executeRawUnsafe('DROP TRIGGER slow_save ON "ChatSession"');
    await chat.send("what came then");
    expect((await chat.history(4)).map(([role]) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(bench.model.askedFor("half saved")).toHaveLength(1);
  });

  it("killed after a stop whose save was lost, keeps what was said, as a partial", async () => {
    const chat = await bench.newChat();
    bench.model.answer("stopped and lost", { text: numberedWords(40), holdAfter: 8 });
    await chat.send("stopped and lost");
    await eventually(async () => JSON.stringify(await chat.out()).includes("text-delta"), {
      what: () => "no text",
    });
    const row = await chat.holdRow();
    await bench.api.append(chat.chatId, { kind: "stop" });
    await chat.ended(-1);
    await chat.killRun();
    await row.release();
    await chat.send("go on after the stop");
    const history = await chat.history(4);
    expect(history[1]?.[1]).toMatch(/^word1/);
    expect(history[1]?.[2]).toBe(false);
    expect(bench.model.askedFor("stopped and lost")).toHaveLength(1);
  });
});
