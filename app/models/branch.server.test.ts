import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { branchNow, moveBranch, type BranchMove } from "#app/models/branch-moves.server.ts";
import { chatArchive, chatPage, createChat } from "#app/models/chat.server.ts";
import { db, disconnect } from "#app/models/db.server.ts";
import { forkChat } from "#app/models/fork.server.ts";
import { keepReview, reviewOf } from "#app/models/review.server.ts";
import { furthestSummary, keepSummary } from "#app/models/summary.server.ts";
import { writeTranscript } from "#app/models/transcript.server.ts";
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

const message = (id: string) => ({
  id,
  role: id.startsWith("u") ? "user" : "assistant",
  parts: [{ type: "text", text: `text of ${id}` }],
});

/** Appends to the branch on screen, as a turn does. */
const append = (...ids: string[]) =>
  writeTranscript({ chatId, changes: ids.map((id) => ({ op: "put", message: message(id) })) });

beforeEach(async () => {
  userId = randomUUID();
  chatId = randomUUID();
  await db().user.create({ data: { id: userId, email: `${userId}@example.test`, name: "Test" } });
  await createChat({ id: chatId, userId });
  await append("u1", "a1", "u2", "a2");
});

async function move(what: BranchMove) {
  const now = await branchNow({ userId, chatId });
  return moveBranch({ userId, chatId, from: now?.head ?? null, move: what });
}

const page = async () => {
  const found = await chatPage({ userId, chatId });
  if (!found) throw new Error("no chat");
  return found;
};

const screen = async () => (await page()).messages.map((row) => row.id);

describe("branches", () => {
  it("an edit ends the branch with the new message, and the old one is a step away with its answer", async () => {
    const edit = { type: "edit", messageId: "u2", newId: "u3", text: "other\u0000 words" } as const;
    expect(await move(edit)).toEqual({ answer: "u3" });
    expect(await screen()).toEqual(["u1", "a1", "u3"]);
    expect((await page()).messages.at(-1)?.message.parts).toEqual([
      { type: "text", text: "other\uFFFD words" },
    ]);
    await append("a3");
    expect((await page()).siblings).toEqual({ u3: ["u2", "u3"] });
    await move({ type: "show", messageId: "u2" });
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2"]);
    await move({ type: "show", messageId: "u3" });
    expect(await screen()).toEqual(["u1", "a1", "u3", "a3"]);
  });

  it("the same edit again makes no second message", async () => {
    const edit = { type: "edit", messageId: "u1", newId: "u9", text: "first" } as const;
    await move(edit);
    expect(await move(edit)).toEqual({ answer: "u9" });
    expect(await screen()).toEqual(["u9"]);
    expect(await db().message.count({ where: { chatId } })).toBe(5);
  });

  it("an edit without words stands where a file is kept, and nowhere else", async () => {
    const blank = { type: "edit", messageId: "u2", newId: "u3", text: " \n" } as const;
    expect(await move(blank)).toBe("blank");
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2"]);
    const id = randomUUID();
    await db().attachment.create({
      data: { id, userId, name: "a.txt", mediaType: "text/plain", size: 1, sha256: "0" },
    });
    const file = { type: "file", url: `/attachments/${id}`, mediaType: "text/plain", filename: "a.txt" };
    await writeTranscript({
      chatId,
      changes: [{ op: "put", message: { id: "u4", role: "user", parts: [file] } }],
    });
    expect(await move({ ...blank, messageId: "u4" })).toEqual({ answer: "u3" });
    expect((await page()).messages.at(-1)?.message.parts).toEqual([file]);
    expect(await db().messageFile.count({ where: { chatId, messageId: "u3" } })).toBe(1);
  });

  it("another answer goes beside the old one, also in the middle of a chat", async () => {
    expect(await move({ type: "again", messageId: "a1" })).toEqual({ answer: "u1" });
    await append("a9", "u4", "a4");
    expect(await screen()).toEqual(["u1", "a9", "u4", "a4"]);
    expect((await page()).siblings).toEqual({ a9: ["a1", "a9"] });
    await move({ type: "show", messageId: "a1" });
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2"]);
  });

  it("what was taken back stays so when one leaves the branch and comes back, until it is restored", async () => {
    await move({ type: "undo" });
    expect(await screen()).toEqual(["u1", "a1"]);
    expect((await page()).hasMore).toBe(true);
    await move({ type: "edit", messageId: "u1", newId: "u9", text: "else" });
    await move({ type: "show", messageId: "u1" });
    expect(await screen()).toEqual(["u1", "a1"]);
    await move({ type: "undo" });
    expect(await screen()).toEqual([]);
    await move({ type: "restore" });
    await move({ type: "restore" });
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2"]);
    expect((await page()).hasMore).toBe(false);
  });

  it("nothing moves from where the branch no longer ends, for another person, or to what is not there", async () => {
    const input = { userId, chatId, from: "a1", move: { type: "undo" } } as const;
    expect(await moveBranch(input)).toBe("changed");
    expect(await moveBranch({ ...input, userId: randomUUID(), from: "a2" })).toBe("missing");
    expect(await move({ type: "show", messageId: "nobody" })).toBe("unknown");
    expect(await move({ type: "edit", messageId: "a1", newId: "u9", text: "words in its mouth" })).toBe(
      "unknown",
    );
    expect(await move({ type: "again", messageId: "u1" })).toBe("unknown");
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2"]);
  });

  it("rows that were written before there were branches, or by hand, are one branch", async () => {
    await db().message.updateMany({ where: { chatId }, data: { parentId: null } });
    await db().chat.update({ where: { id: chatId }, data: { headMessageId: null } });
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2"]);
    await append("u3");
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2", "u3"]);
    await move({ type: "show", messageId: "a1" });
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2", "u3"]);
  });

  it("a fork has the history up to its message under ids of its own, and goes its own way", async () => {
    const forkId = randomUUID();
    const input = { userId, chatId, messageId: "a1", forkId };
    expect(await forkChat(input)).toBe("forked");
    expect(await forkChat(input)).toBe("forked");
    const forked = await chatArchive({ userId, chatId: forkId });
    expect(forked?.messages.map(({ message: one }) => one.parts)).toEqual(
      ["u1", "a1"].map((id) => message(id).parts),
    );
    expect(
      forked?.messages.every(({ id, message: one }) => id === one.id && !["u1", "a1"].includes(id)),
    ).toBe(true);
    expect(forked?.headMessageId).toBe(forked?.messages[1]?.id);
    expect(await screen()).toEqual(["u1", "a1", "u2", "a2"]);
    expect(await forkChat({ ...input, userId: randomUUID(), forkId: randomUUID() })).toBe("missing");
  });

  it("a fork takes along what the model was told in place of its beginning, and is to mind in it", async () => {
    const forkId = randomUUID();
    for (const id of ["a1", "a2"]) {
      await keepSummary(chatId, { throughId: id, text: `until ${id}`, messages: 2, model: "demo:demo" });
      await keepReview(chatId, { messageId: id, text: `mind ${id}`, model: "demo:demo" });
    }
    await forkChat({ userId, chatId, messageId: "u2", forkId });
    const forked = await chatArchive({ userId, chatId: forkId });
    const path = forked?.messages.map(({ id }) => id) ?? [];
    expect(await furthestSummary(forkId, path)).toMatchObject({ text: "until a1", throughId: path[1] });
    expect(await reviewOf(forkId, path[1] ?? "")).toBe("mind a1");
    expect(await db().summary.count({ where: { chatId: forkId } })).toBe(1);
    expect(await db().review.count({ where: { chatId: forkId } })).toBe(1);
  });

  it("the download has every branch", async () => {
    await move({ type: "edit", messageId: "u2", newId: "u3", text: "other" });
    const archive = await chatArchive({ userId, chatId });
    expect(archive?.messages.map(({ id, parentId }) => [id, parentId])).toEqual([
      ["u1", null],
      ["a1", "u1"],
      ["u2", "a1"],
      ["a2", "u2"],
      ["u3", "a1"],
    ]);
    expect(archive?.headMessageId).toBe("u3");
  });
});
