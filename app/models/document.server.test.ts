import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let documents: typeof import("./document.server.ts");
let chats: typeof import("./chat.server.ts");
let models: typeof import("./db.server.ts");

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  documents = await import("./document.server.ts");
  chats = await import("./chat.server.ts");
  models = await import("./db.server.ts");
});
afterAll(async () => {
  await models.disconnect();
  await database.drop();
});

async function person(): Promise<string> {
  const id = randomUUID();
  await models.db().user.create({ data: { id, email: `${id}@example.test`, name: "Test" } });
  return id;
}

test("a document is begun and goes on in one's own chat alone: another's is not there", async () => {
  const [owner, stranger] = [await person(), await person()];
  const chatId = randomUUID();
  await chats.createChat({ id: chatId, userId: owner });
  const call = () => ({ chatId, callId: randomUUID(), given: {}, author: "person" as const });
  const first = { kind: "markdown" as const, language: null, title: "Ours", text: "one" };
  const next = () => ({ title: "Theirs", text: "two" });
  const version = (userId: string) => documents.addVersion({ ...call(), userId, documentId: "1", next });

  expect(await documents.createDocument({ ...call(), ...first, userId: stranger })).toBe("no-chat");
  expect(await documents.createDocument({ ...call(), ...first, userId: owner })).toMatchObject({
    version: 1,
  });
  expect(await version(stranger)).toBe("no-chat");
  expect(await models.db().documentVersion.count({ where: { chatId } })).toBe(1);
  expect(await version(owner)).toMatchObject({ version: 2 });
});
