import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BranchWindow } from "#app/models/branch-window.server.ts";
import { chatPage, createChat } from "#app/models/chat.server.ts";
import { db, disconnect } from "#app/models/db.server.ts";
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

/** Rows as [id, parentId], in the order in which they came; the branch on screen ends with `head`. */
async function fill(rows: [string, string | null][], head: string | null): Promise<void> {
  await db().message.createMany({
    data: rows.map(([id, parentId], position) => ({
      chatId,
      id,
      position,
      parentId,
      message: { id, role: "user", parts: [{ type: "text", text: id }] },
    })),
  });
  await db().chat.update({ where: { id: chatId }, data: { headMessageId: head } });
}

const line = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, index) => [`m${index}`, index === 0 ? "" : `m${index - 1}`]);

async function page(window?: BranchWindow) {
  const found = await chatPage({ userId, chatId, window });
  if (!found) throw new Error("no chat");
  const { messages, earlier, reached, siblings, hasMore } = found;
  return { ids: messages.map(({ id }) => id), earlier, reached, siblings, hasMore };
}

describe("the end of a branch", () => {
  it("is its last messages, and says whether older ones come before", async () => {
    await fill(line(10), "m9");
    expect(await page({ limit: 3 })).toMatchObject({ ids: ["m7", "m8", "m9"], earlier: true });
    expect(await page({ limit: 10 })).toMatchObject({ earlier: false });
    expect((await page({ limit: 99 })).ids).toHaveLength(10);
    expect((await page()).ids).toHaveLength(10);
  });

  it("goes on before a message, also one of another branch, and not past the first", async () => {
    await fill([...line(6), ["other", "m2"]], "m5");
    expect(await page({ limit: 2, before: "m4" })).toMatchObject({ ids: ["m2", "m3"], earlier: true });
    expect(await page({ limit: 2, before: "other" })).toMatchObject({ ids: ["m1", "m2"], earlier: true });
    expect(await page({ limit: 9, before: "m2" })).toMatchObject({ ids: ["m0", "m1"], earlier: false });
    expect(await page({ limit: 9, before: "m0" })).toMatchObject({ ids: [], earlier: false });
    expect(await page({ limit: 9, before: "nobody" })).toMatchObject({ ids: [], earlier: false });
  });

  it("reaches back to a message on the branch, and not to one beside it", async () => {
    await fill([...line(8), ["other", "m2"]], "m7");
    const back = (to: string, more: number) => page({ limit: 2, back: { to, more } });
    expect(await back("m4", 1)).toMatchObject({ ids: ["m3", "m4", "m5", "m6", "m7"], reached: true });
    expect(await back("m7", 0)).toMatchObject({ ids: ["m6", "m7"], reached: true });
    expect(await back("m1", 9)).toMatchObject({ earlier: false, reached: true });
    expect(await back("other", 1)).toMatchObject({ ids: ["m6", "m7"], reached: false });
  });

  it("is the same whether it is stepped back or taken from the whole tree", async () => {
    for (const seed of [1, 2, 3, 4]) {
      let state = seed;
      const dice = (sides: number) => (state = (state * 48_271) % 2_147_483_647) % sides;
      const rows = line(1).concat(
        Array.from({ length: 40 }, (_, n) => [
          `r${n}`,
          n > 0 && dice(10) > 0 ? `r${n - 1 - dice(Math.min(n, 3))}` : "",
        ]),
      );
      const head = rows[20 + dice(20)]?.[0] ?? "";
      const back = { to: rows[dice(30)]?.[0] ?? "", more: dice(3) };
      const windows = [undefined, { limit: 1 + dice(9) }, { limit: 5, before: head }, { limit: 3, back }];
      await db().message.deleteMany({ where: { chatId } });
      await fill(rows, head);
      const stepped = [];
      for (const window of windows) stepped.push(await page(window));
      // One row without a parent, and the chat is read as a whole: here one that follows nothing anyway.
      await db().message.update({
        where: { chatId_id: { chatId, id: "m0" } },
        data: { parentId: null },
      });
      for (const [index, window] of windows.entries()) expect(await page(window)).toEqual(stepped[index]);
    }
  });

  it("is found where rows name no parent, no head or one that is gone", async () => {
    const loose = line(5).map(([id]): [string, null] => [id, null]);
    await fill(loose, null);
    expect(await page({ limit: 2 })).toMatchObject({ ids: ["m3", "m4"], earlier: true, hasMore: false });
    await db().message.deleteMany({ where: { chatId } });
    await fill(line(5), null);
    expect(await page({ limit: 2 })).toMatchObject({ ids: ["m3", "m4"], earlier: true });
    await db().message.delete({ where: { chatId_id: { chatId, id: "m2" } } });
    expect(await page({ limit: 9 })).toMatchObject({ ids: ["m0", "m1", "m3", "m4"], earlier: false });
    await db().chat.update({ where: { id: chatId }, data: { headMessageId: "" } });
    expect(await page({ limit: 9 })).toMatchObject({ ids: [], hasMore: true });
  });

  it("ends although a row that was changed by hand leads back to itself", async () => {
    await fill([...line(3), ["a", "b"], ["b", "a"]], "b");
    expect((await page({ limit: 2 })).ids).toEqual(["a", "b"]);
  });
});
