import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createChat,
  chatPage,
  deleteChat,
  listChats,
  renameChat,
  setTitleIfUntitled,
} from "#app/models/chat.server.ts";
import { readCursors, readToken, saveSession } from "#app/models/chat-session.server.ts";
import { db, disconnect, transaction } from "#app/models/db.server.ts";
import { searchMessages } from "#app/models/message.server.ts";
import { readTranscript, writeTranscript, type TranscriptChange } from "#app/models/transcript.server.ts";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let alice: string;
let bob: string;
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

async function user(): Promise<string> {
  const id = randomUUID();
  await db().user.create({ data: { id, email: `${id}@example.test`, name: "Test" } });
  return id;
}

beforeEach(async () => {
  alice = await user();
  bob = await user();
  chatId = randomUUID();
  await createChat({ id: chatId, userId: alice });
});

function message(id: string, text: string, role: "user" | "assistant" = "user") {
  return { id, role, parts: [{ type: "text", text }] };
}

const put = (id: string, text = id, role: "user" | "assistant" = "user"): TranscriptChange => ({
  op: "put",
  message: message(id, text, role),
});

const ids = async (chat = chatId) => (await readTranscript({ chatId: chat })).messages.map((row) => row.id);

describe("chats", () => {
  it("are made once: a second try by the owner finds the chat, one by somebody else is refused", async () => {
    const id = randomUUID();
    expect(await createChat({ id, userId: alice, model: "demo:demo" })).toBe("created");
    expect(await createChat({ id, userId: alice, model: "other:model" })).toBe("exists");
    expect(await createChat({ id, userId: bob })).toBe("taken");
    expect((await chatPage({ userId: alice, chatId: id }))?.chat.model).toBe("demo:demo");
  });

  it("are made by exactly one of several callers at once", async () => {
    const id = randomUUID();
    const made = await Promise.all([alice, bob, alice, bob].map((userId) => createChat({ id, userId })));
    expect(made.filter((result) => result === "created")).toHaveLength(1);
    expect(made.filter((result) => result === "taken")).toHaveLength(2);
  });

  it("cannot be read, renamed or deleted by anyone but their owner", async () => {
    expect(await chatPage({ userId: bob, chatId })).toBeNull();
    expect(await renameChat({ userId: bob, chatId, title: "mine" })).toBe(false);
    expect(await deleteChat({ userId: bob, chatId })).toBe(false);
    expect((await chatPage({ userId: alice, chatId }))?.chat.title).toBeNull();
    expect(await deleteChat({ userId: alice, chatId })).toBe(true);
    expect(await chatPage({ userId: alice, chatId })).toBeNull();
  });

  it("are listed to their owner alone, the one written last first, page by page", async () => {
    const others = [randomUUID(), randomUUID()];
    for (const id of others) await createChat({ id, userId: alice });
    await createChat({ id: randomUUID(), userId: bob });
    await writeTranscript({ chatId, changes: [put("u1")] });
    const first = await listChats({ userId: alice, limit: 2 });
    expect(first.map((chat) => chat.id)).toEqual([chatId, others[1]]);
    const rest = await listChats({ userId: alice, limit: 2, before: first[1] ?? null });
    expect(rest.map((chat) => chat.id)).toEqual([others[0]]);
  });

  it("keep the name that their owner gave when a title arrives later", async () => {
    await renameChat({ userId: alice, chatId, title: "Named" });
    expect(await setTitleIfUntitled({ chatId, title: "Made up" })).toBe(false);
    expect((await chatPage({ userId: alice, chatId }))?.chat.title).toBe("Named");
  });
});

describe("a transcript", () => {
  it("keeps the order in which its messages came, also when one is replaced later", async () => {
    await writeTranscript({ chatId, changes: [put("u1"), put("a1", "one", "assistant"), put("u2")] });
    await writeTranscript({ chatId, changes: [put("a1", "two", "assistant")] });
    const { messages } = await readTranscript({ chatId });
    expect(messages.map((row) => row.id)).toEqual(["u1", "a1", "u2"]);
    expect(messages[1]?.message.parts).toEqual([{ type: "text", text: "two" }]);
  });

  it("drops what comes after a message, and nothing when that message is unknown", async () => {
    await writeTranscript({ chatId, changes: ["u1", "a1", "u2"].map((id) => put(id)) });
    await writeTranscript({ chatId, changes: [{ op: "truncateAfter", afterId: "nobody" }] });
    expect(await ids()).toEqual(["u1", "a1", "u2"]);
    await writeTranscript({ chatId, changes: [{ op: "truncateAfter", afterId: "u1" }, put("a2")] });
    expect(await ids()).toEqual(["u1", "a2"]);
  });

  it("has every message once when many writers put the same ones at once", async () => {
    const writes = Array.from({ length: 8 }, (_, turn) =>
      writeTranscript({ chatId, changes: [put("u1"), put(`u${turn + 2}`), put("a1")] }),
    );
    expect(await Promise.all(writes)).toEqual(Array<boolean>(8).fill(true));
    const { messages } = await readTranscript({ chatId });
    expect(new Set(messages.map((row) => row.id)).size).toBe(10);
    expect(messages).toHaveLength(10);
  });

  it("writes messages and cursor together or not at all", async () => {
    const broken = {
      op: "put",
      message: { id: "x", role: "assistant", parts: [1n] },
    } as unknown as TranscriptChange;
    await expect(
      writeTranscript({ chatId, changes: [put("u1"), broken], cursors: { lastEventId: "7" } }),
    ).rejects.toThrow();
    expect(await ids()).toEqual([]);
    expect((await readCursors(chatId)).lastEventId).toBeNull();
  });

  it("is seen with its messages and their cursor, never with one of them alone", async () => {
    let stop = false;
    const reader = (async () => {
      while (!stop) {
        const page = await chatPage({ userId: alice, chatId });
        expect(Number(page?.session?.lastEventId ?? 0)).toBe(page?.messages.length);
      }
    })();
    for (let turn = 1; turn <= 25; turn++) {
      await writeTranscript({ chatId, changes: [put(`m${turn}`)], cursors: { lastEventId: String(turn) } });
    }
    stop = true;
    await reader;
  });

  it("never moves a cursor backwards, compared as numbers", async () => {
    await writeTranscript({ chatId, changes: [], cursors: { lastEventId: "9", lastInEventId: "3" } });
    await writeTranscript({ chatId, changes: [], cursors: { lastEventId: "10" } });
    await writeTranscript({ chatId, changes: [], cursors: { lastEventId: "2", lastInEventId: "2" } });
    expect(await readCursors(chatId)).toEqual({ lastEventId: "10", lastInEventId: "3" });
  });

  it("stays partial when the same partial text is written again, and becomes final with a new text", async () => {
    const partial = message("a1", "half", "assistant");
    await writeTranscript({ chatId, changes: [{ op: "put", message: partial, final: false }] });
    await writeTranscript({ chatId, changes: [{ op: "put", message: partial }] });
    expect((await readTranscript({ chatId })).messages[0]?.final).toBe(false);
    await writeTranscript({ chatId, changes: [put("a1", "whole", "assistant")] });
    expect((await readTranscript({ chatId })).messages[0]?.final).toBe(true);
  });

  it("writes nothing for a chat that was deleted, so that it never comes back", async () => {
    await deleteChat({ userId: alice, chatId });
    expect(await writeTranscript({ chatId, changes: [put("u1")], cursors: { lastEventId: "1" } })).toBe(
      false,
    );
    expect(await saveSession({ chatId, runId: "run_1", publicAccessToken: "token" })).toBe(false);
    expect(await db().chat.count({ where: { id: chatId } })).toBe(0);
    expect(await db().chatSession.count({ where: { id: chatId } })).toBe(0);
    expect(await db().message.count({ where: { chatId } })).toBe(0);
  });

  it("loses the race against a delete that is under way", async () => {
    let writing: Promise<boolean> | undefined;
    let saving: Promise<boolean> | undefined;
    await transaction(async (tx) => {
      await tx.chat.delete({ where: { id: chatId } });
      writing = writeTranscript({ chatId, changes: [put("u1")] });
      saving = saveSession({ chatId, runId: "run_late" });
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    expect(await writing).toBe(false);
    expect(await saving).toBe(false);
  });

  it("stores U+0000 and half surrogate pairs as U+FFFD, in texts, keys and deep inside", async () => {
    const odd = {
      id: "a1",
      role: "assistant",
      parts: [
        { type: "text", text: "a\u0000b \ud83d c \\u0000 😀" },
        { type: "tool-x", output: { "k\u0000": ["\udc00"] } },
      ],
    };
    await writeTranscript({ chatId, changes: [{ op: "put", message: odd }] });
    expect((await readTranscript({ chatId })).messages[0]?.message.parts).toEqual([
      { type: "text", text: "a\uFFFDb \uFFFD c \\u0000 😀" },
      { type: "tool-x", output: { "k\uFFFD": ["\uFFFD"] } },
    ]);
  });
});

describe("a session", () => {
  it("keeps its token as ciphertext and never replaces it with an empty one", async () => {
    await saveSession({ chatId, runId: "run_1", publicAccessToken: "secret-token" });
    await saveSession({ chatId, runId: "run_2", publicAccessToken: "" });
    const row = await db().chatSession.findUniqueOrThrow({ where: { id: chatId } });
    expect(row.runId).toBe("run_2");
    expect(row.publicAccessToken).not.toContain("secret-token");
    expect(await readToken(chatId)).toBe("secret-token");
  });
});

describe("search", () => {
  it("finds the owner's own messages in other chats, and nobody else's", async () => {
    const theirs = randomUUID();
    const here = randomUUID();
    await createChat({ id: theirs, userId: bob });
    await createChat({ id: here, userId: alice });
    await writeTranscript({ chatId, changes: [put("u1", "Reise nach 100% Lissabon im Mai")] });
    await writeTranscript({ chatId: theirs, changes: [put("u1", "Lissabon, Mai: 100% geheim")] });
    await writeTranscript({ chatId: here, changes: [put("u1", "Lissabon Mai 100%")] });
    const hits = await searchMessages({
      userId: alice,
      query: "mai LISSABON 100%",
      exceptChatId: here,
      limit: 5,
    });
    expect(hits.map((hit) => [hit.chatId, hit.messageId])).toEqual([[chatId, "u1"]]);
  });

  it("takes the wildcards of SQL as plain characters, and finds nothing for an empty query", async () => {
    await writeTranscript({ chatId, changes: [put("u1", "one hundred")] });
    expect(await searchMessages({ userId: alice, query: "%", limit: 5 })).toEqual([]);
    expect(await searchMessages({ userId: alice, query: "one_hundred", limit: 5 })).toEqual([]);
    expect(await searchMessages({ userId: alice, query: "  ", limit: 5 })).toEqual([]);
  });
});
