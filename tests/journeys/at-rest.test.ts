import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type App } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { killRuns } from "../support/fault-steps.ts";
import { HttpUser, storedRecords } from "../support/http-user.ts";
import { startScriptedModel, type ScriptedModel } from "../support/scripted-model.ts";
import type { Script } from "../support/model-script.ts";
import { scanFor, scanForWord, type Found } from "../support/word-scan.ts";

let app: App;
let model: ScriptedModel;
let temporary: string;
let titleWord = "";

beforeAll(async () => {
  temporary = mkdtempSync(path.join(tmpdir(), "longrun-scan-"));
  model = await startScriptedModel(() => `A title ${titleWord}`);
  app = await startApp({
    env: { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl, TMPDIR: temporary, LONGRUN_CANARY: CANARY },
  });
});
afterAll(async () => {
  await app?.stop();
  await model?.stop();
  rmSync(temporary, { recursive: true, force: true });
});

/** Begins every word of one person, so that one search finds them all. */
const newMark = (): string => `zq${randomBytes(6).toString("hex")}`;
const CANARY = `canary${randomBytes(6).toString("hex")}`;
const scan = (mark: string): Promise<Found[]> => scanForWord(app, mark, [app.dataDir, temporary]);
const placesOf = (found: Found[]): Set<string> => new Set(found.map(({ place }) => place));

/** One person with words in everything that a chat can hold. */
class Talker {
  readonly user = new HttpUser(app);
  readonly person;
  readonly mark = newMark();

  constructor() {
    const { mark } = this;
    this.person = {
      name: `Name ${mark}name`,
      email: `${mark}mail@example.org`,
      password: `${mark}-password`,
    };
  }

  async start(text: string, script: Script): Promise<string> {
    const chatId = randomUUID();
    model.answer(text, script);
    const response = await this.user.post("/chats?index", { chatId, messageId: randomUUID(), text });
    expect(response.status).toBe(302);
    return chatId;
  }

  async say(chatId: string, text: string, script: Script): Promise<void> {
    model.answer(text, script);
    const fields = { intent: "send", messageId: randomUUID(), text };
    expect((await this.user.post(`/chats/${chatId}`, fields)).status).toBe(302);
    await this.turnEnded(chatId, text);
  }

  /** An answer, whole or broken off, follows the message with this text. */
  async turnEnded(chatId: string, text: string): Promise<void> {
    const ended = async (): Promise<boolean> => {
      const rows = await app.query<{ message: { role: string; parts: { text?: string }[] } }>(
        `SELECT message FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
        [chatId],
      );
      const asked = rows.findIndex(
        ({ message }) => message.role === "user" && message.parts[0]?.text === text,
      );
      return asked >= 0 && rows[asked + 1]?.message.role === "assistant";
    };
    await eventually(ended, { what: () => `the turn "${text}" does not end\n${app.logs()}`, ms: 60_000 });
  }

  /** A chat with an answer, a title, tools that work and that fail, a failed model, a crash, and a change of branch. */
  async fullChat(): Promise<string> {
    const word = (kind: string) => `${this.mark}${kind}`;
    titleWord = word("title");
    const first = `First ${word("first")}`;
    const chatId = await this.start(first, {
      text: `Answer ${word("answer")}`,
      reasoning: `Thought ${word("thought")}`,
    });
    await this.turnEnded(chatId, first);
    const code = `throw new Error("${word("code")}")`;
    await this.say(chatId, word("script"), {
      tool: { name: "runJavaScript", input: { code } },
      text: word("after"),
    });
    await this.say(chatId, word("search"), {
      tool: { name: "searchChats", input: { query: word("query") } },
      text: word("found"),
    });
    await this.say(chatId, word("unknown"), {
      tool: { name: word("tool"), input: { a: word("argument") } },
      text: word("unknown-after"),
    });
    await this.say(chatId, word("failing"), { fail: { status: 400, message: `no ${word("failure")}` } });
    await this.crash(chatId, word("crashed"));
    await this.user.post(`/chats/${chatId}`, { intent: "rename", title: word("renamed") });
    return chatId;
  }

  /** Kills the run in mid-answer; the next one answers anew. */
  async crash(chatId: string, text: string): Promise<void> {
    const prepared = model.answer(text, { text: `${text}-answer `.repeat(5), holdAfter: 3 });
    await this.user.post(`/chats/${chatId}`, { intent: "send", messageId: randomUUID(), text });
    await prepared.held();
    await killRuns(app);
    prepared.release();
    await this.turnEnded(chatId, text);
  }
}

/** What `npm start` keeps to itself. */
function secretsOf(dataDir: string): string[] {
  const names = ["session-secret", "trigger-secret-key", "trigger-access-token", "database-url"];
  return names.map((name) => readFileSync(path.join(dataDir, name), "utf8").trim());
}

/** Nothing is left, and nothing comes back from a run that was still at work. */
async function noneLeft(mark: string): Promise<void> {
  let found: Found[] = [];
  const gone = async (): Promise<boolean> => (found = await scan(mark)).length === 0;
  await eventually(gone, { what: () => JSON.stringify(found, null, 1), ms: 20_000, everyMs: 500 });
  await eventually(() => app.runPids().size === 0, { what: () => "a run goes on", ms: 30_000 });
  expect(await scan(mark)).toEqual([]);
}

test("S12: no token lies in clear in any column or file while the chat goes on, and its stream gives it out", async () => {
  const talker = new Talker();
  await talker.user.signUp(talker.person);
  const chatId = await talker.fullChat();
  const token = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/;
  const handed = await storedRecords(app, chatId, "out");
  expect(handed.flatMap(({ headers }) => headers).filter(([, value]) => token.test(value))).not.toEqual([]);
  const login = talker.user.cookieHeader().split("=")[1] ?? "";
  expect(login.length).toBeGreaterThan(20);
  const folders = [app.dataDir, temporary];
  expect(await scanFor(app, [token.source, login.replace(/[.*+?^$()|]/g, "\\$&")], folders)).toEqual([]);
});

test("S28: the model is told nothing of the environment, the secrets or other people", async () => {
  const [other, talker] = [new Talker(), new Talker()];
  await other.user.signUp(other.person);
  await other.fullChat();
  await talker.user.signUp(talker.person);
  const before = model.turns.length + model.sideRequests.length;
  await talker.fullChat();
  const [turns, side] = [model.turns, model.sideRequests];
  expect(turns.length + side.length).toBeGreaterThan(before + 6);
  const told = (asked: (typeof turns)[number]) => JSON.stringify(asked.request);
  const ofTalker = [...turns.map(told), ...side.map((request) => JSON.stringify(request))].filter((text) =>
    text.includes(talker.mark),
  );
  expect(ofTalker.length).toBeGreaterThan(6);
  for (const request of ofTalker) {
    expect(request).not.toContain(other.mark);
    expect(request).not.toMatch(new RegExp(`${talker.mark}(name|mail|-password)`));
    expect(request).not.toContain(app.dataDir);
    for (const secret of [CANARY, ...secretsOf(app.dataDir)]) expect(request).not.toContain(secret);
  }
});

test("S27: a deleted chat leaves none of its words in any column or file, an open answer's neither", async () => {
  const talker = new Talker();
  const plain = { name: "Ada", email: `${randomUUID()}@example.org`, password: "nine brown mackerels" };
  await talker.user.signUp(plain);
  const chatId = await talker.fullChat();
  const open = `${talker.mark}open`;
  const text = `${open}-answer `.repeat(20);
  const openChat = await talker.start(open, { text, holdAfter: 20 });
  await eventually(() => model.askedFor(open)[0]?.sent, { what: () => "no open answer", ms: 30_000 });
  expect([...placesOf(await scan(talker.mark))]).toEqual(
    expect.arrayContaining([
      "public.Message.message",
      "public.Chat.title",
      "local_trigger.stream_records.body",
    ]),
  );
  for (const id of [chatId, openChat]) {
    expect((await talker.user.post(`/chats/${id}`, { intent: "delete" })).status).toBe(302);
  }
  await noneLeft(talker.mark);
});

test("S27: a deleted account leaves none of its person's words in any column or file", async () => {
  const talker = new Talker();
  await talker.user.signUp(talker.person);
  await new HttpUser(app).post("/login", { email: talker.person.email, password: `${talker.mark}-wrong` });
  await talker.fullChat();
  expect([...placesOf(await scan(talker.mark))]).toEqual(
    expect.arrayContaining(["public.User.email", "public.User.name", "public.Message.message"]),
  );
  const { password: deletePassword, email: confirmation } = talker.person;
  const response = await talker.user.post("/settings", { intent: "delete", deletePassword, confirmation });
  expect(response.headers.get("location")).toContain("/login");
  await noneLeft(talker.mark);
});
