import { mkdtempSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PNG } from "../../tests/support/sample-files.ts";
import { WebUnderTest } from "../../tests/support/web-routes.ts";

let web: WebUnderTest;
let importChats: typeof import("./import-chats.server.ts").importChats;
const dataDir = mkdtempSync(path.join(os.tmpdir(), "longrun-import-"));

beforeAll(async () => {
  process.env.ATTACHMENTS_DIR = dataDir;
  process.env.ATTACHMENT_USER_MB = "0.0002";
  web = await WebUnderTest.start();
  ({ importChats } = await import("./import-chats.server.ts"));
});
afterAll(() => web.stop());

const url = (n: number) => `/attachments/00000000-0000-4000-8000-00000000000${n}`;
const chat = (text: string, ...files: number[]) => ({
  messages: [
    {
      id: "u",
      role: "user",
      parts: [
        ...files.map((n) => ({ type: "file", url: url(n), filename: `${n}.png` })),
        { type: "text", text },
      ],
    },
  ],
});
const bytes = (n: number) => ({ url: url(n), name: `${n}.png`, base64: PNG.toString("base64") });
const fileOf = (...given: [chats: unknown[], files: unknown[]]) =>
  new File([JSON.stringify({ chats: given[0], files: given[1] })], "chats.json");
const stored = () => readdirSync(dataDir, { recursive: true, encoding: "utf8" });

test("a chat that fails half way leaves no file, and those before it stay", async () => {
  const { userId } = await web.person();
  await web.db().$executeRaw`
    ALTER TABLE "Message" ADD CONSTRAINT "fails" CHECK ("message"::text NOT LIKE '%breaks here%')`;
  const file = fileOf([chat("stays", 1), chat("breaks here", 1, 2)], [bytes(1), bytes(2)]);
  await expect(importChats(userId, file)).rejects.toThrow(/fails/);
  const left = await web.db().attachment.findMany({ where: { userId }, select: { id: true, name: true } });
  expect(left.map(({ name }) => name)).toEqual(["1.png"]);
  expect(stored().filter((name) => name !== "incoming")).toEqual(left.map(({ id }) => id));
  expect(await web.db().chat.count({ where: { userId } })).toBe(1);
});

test("what the account has no room for is not taken, once a file, and its name stays", async () => {
  const { userId } = await web.person();
  const given = [1, 2, 3].map(bytes);
  const imported = await importChats(userId, fileOf([chat("first", 1, 2, 3), chat("second", 3, 1)], given));
  expect(imported?.missed).toEqual({ full: 1 });
  const messages = await web.db().message.findMany({
    where: { chat: { userId } },
    select: { message: true },
  });
  expect(JSON.stringify(messages)).toContain("[Attached: 3.png]");
  expect(await web.db().messageFile.count({ where: { message: { chat: { userId } } } })).toBe(3);
  expect(await web.db().attachment.count({ where: { userId } })).toBe(2);
});
