import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { App } from "./app.ts";
import { eventually } from "./eventually.ts";
import { killRuns } from "./fault-steps.ts";
import { HttpUser } from "./http-user.ts";
import type { Script } from "./model-script.ts";
import type { ScriptedModel } from "./scripted-model.ts";

/** Begins every word of one person, so that one search finds them all. */
const newMark = (): string => `zq${randomBytes(6).toString("hex")}`;

/** One person with words in everything that a chat can hold. */
export class Talker {
  readonly user: HttpUser;
  readonly person;
  readonly mark = newMark();

  constructor(
    private readonly app: App,
    private readonly model: ScriptedModel,
  ) {
    this.user = new HttpUser(app);
    const { mark } = this;
    this.person = {
      name: `Name ${mark}name`,
      email: `${mark}mail@example.org`,
      password: `${mark}-password`,
    };
  }

  async start(text: string, script: Script): Promise<string> {
    const chatId = randomUUID();
    this.model.answer(text, script);
    const response = await this.user.post("/chats?index", { chatId, messageId: randomUUID(), text });
    expect(response.status).toBe(302);
    return chatId;
  }

  async say(chatId: string, text: string, script: Script, more: Record<string, string> = {}): Promise<void> {
    this.model.answer(text, script);
    const fields = { intent: "send", messageId: randomUUID(), text, ...more };
    expect((await this.user.post(`/chats/${chatId}`, fields)).status).toBe(302);
    await this.turnEnded(chatId, text);
  }

  /** An answer, whole or broken off, follows the message with this text. */
  async turnEnded(chatId: string, text: string): Promise<void> {
    const ended = async (): Promise<boolean> => {
      const rows = await this.app.query<{ message: { role: string; parts: { text?: string }[] } }>(
        `SELECT message FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
        [chatId],
      );
      const asked = rows.findIndex(
        ({ message }) => message.role === "user" && message.parts.some((part) => part.text === text),
      );
      return asked >= 0 && rows[asked + 1]?.message.role === "assistant";
    };
    await eventually(ended, {
      what: () => `the turn "${text}" does not end\n${this.app.logs()}`,
      ms: 60_000,
    });
  }

  /** A chat with an answer, a title, tools that work and that fail, a failed model, a crash, and a change of branch. */
  async fullChat(): Promise<string> {
    const word = (kind: string) => `${this.mark}${kind}`;
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
    await this.writtenThings(chatId);
    await this.user.post(`/chats/${chatId}`, { intent: "rename", title: word("renamed") });
    return chatId;
  }

  /** Kills the run in mid-answer; the next one answers anew. */
  async crash(chatId: string, text: string): Promise<void> {
    const prepared = this.model.answer(text, { text: `${text}-answer `.repeat(5), holdAfter: 3 });
    await this.user.post(`/chats/${chatId}`, { intent: "send", messageId: randomUUID(), text });
    await prepared.held();
    await killRuns(this.app);
    prepared.release();
    await this.turnEnded(chatId, text);
  }

  /** A file, a document in two versions, instructions, an edit, a vote, a denial, and what takes long to come about. */
  private async writtenThings(chatId: string): Promise<void> {
    const word = (kind: string) => `${this.mark}${kind}`;
    const file = await this.attach(`${word("file")}.txt`, `bytes ${word("bytes")}`);
    await this.say(chatId, word("reads"), { text: word("has-read") }, { attachment: file });
    const document = {
      title: word("heading"),
      kind: "code",
      language: word("language"),
      text: word("document"),
    };
    await this.say(chatId, word("writes"), {
      tool: { name: "writeDocument", input: document },
      text: word("written"),
    });
    const version = { editId: randomUUID(), base: "1", title: word("heading2"), text: word("document2") };
    expect((await this.user.post(`/chats/${chatId}/documents/1`, version)).status).toBe(302);
    await this.act(chatId, { intent: "words", systemPrompt: word("instructions"), temperature: "1" });
    const rows = await this.app.query<{ id: string; role: string }>(
      `SELECT id, message->>'role' AS role FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
      [chatId],
    );
    const last = (role: string) => rows.findLast((row) => row.role === role)?.id ?? "";
    await this.act(chatId, { intent: "vote", target: last("assistant"), vote: "up" });
    await this.denies(chatId);
    const edited = word("edited");
    this.model.answer(edited, { text: word("edited-answer") });
    await this.act(chatId, { intent: "edit", target: last("user"), text: edited, messageId: randomUUID() });
    await this.turnEnded(chatId, edited);
    await plantRows(this.app, chatId, this.mark);
  }

  /** One of two calls is denied, with a reason; the other one still waits when the conversation goes on. */
  private async denies(chatId: string): Promise<void> {
    const tools = ["page1", "page2"].map((page) => ({
      name: "fetchPage",
      input: { url: `https://example.org/${this.mark}${page}` },
    }));
    await this.say(chatId, `${this.mark}decides`, { tools, text: "never said" });
    const [row] = await this.app.query<{ message: { parts: { toolCallId?: string }[] } }>(
      `SELECT message FROM "Message" WHERE "chatId" = $1 ORDER BY position DESC LIMIT 1`,
      [chatId],
    );
    const target = row?.message.parts.find(({ toolCallId }) => toolCallId)?.toolCallId ?? "";
    await this.act(chatId, { intent: "decide", target, decision: "deny", reason: `${this.mark}reason` });
  }

  private async act(chatId: string, fields: Record<string, string>): Promise<void> {
    const { status } = await this.user.post(`/chats/${chatId}`, fields);
    expect([fields.intent, status]).toEqual([fields.intent, 302]);
  }

  private async attach(name: string, body: string): Promise<string> {
    const headers = { origin: this.app.url, "x-file-name": name };
    const answer = await this.user.get("/attachments", { method: "POST", body, headers });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { file: { id: string } }).file.id;
  }

  /** The chat again from one of its answers on; gives the new one's id. */
  async fork(chatId: string): Promise<string> {
    const [row] = await this.app.query<{ id: string }>(
      `SELECT id FROM "Message" WHERE "chatId" = $1 AND message->>'role' = 'assistant' ORDER BY position LIMIT 1`,
      [chatId],
    );
    const forkId = randomUUID();
    await this.act(chatId, { intent: "fork", target: row?.id ?? "", forkId });
    return forkId;
  }

  /** An answer that does not end, behind which two messages wait: one with other words, one that is to steer it. */
  async openChat(): Promise<string> {
    const open = `${this.mark}open`;
    const chatId = await this.start(open, { text: `${open}-answer `.repeat(20), holdAfter: 20 });
    await eventually(() => this.model.askedFor(open)[0]?.sent, { what: () => "no open answer", ms: 60_000 });
    for (const what of ["revise", "steer"]) {
      const messageId = randomUUID();
      await this.act(chatId, { intent: "send", messageId, text: `${this.mark}${what}` });
      const change = {
        intent: what,
        target: messageId,
        text: `${this.mark}${what}d`,
        messageId: randomUUID(),
      };
      expect((await this.user.post(`/chats/${chatId}/queue`, change)).status).toBe(200);
    }
    return chatId;
  }
}

/** Rows that come about slowly, as those leave them that write them: a research, a summary, a second look. */
async function plantRows(app: App, chatId: string, mark: string): Promise<void> {
  const json = (kind: string) => JSON.stringify({ [kind]: `${mark}${kind}` });
  const id = randomUUID();
  await app.query(
    `INSERT INTO "Subtask" ("id", "chatId", "toolCallId", "askedId", "callerRunId", "tool", "input", "state", "progress", "output", "error")
     VALUES ($1, $2, $1, 'asked', 'run', 'deepResearch', $3, 'done', $4, $5, $6)`,
    [id, chatId, json("input"), json("progress"), json("output"), `${mark}error`],
  );
  const [url, found] = [`https://example.org/${mark}url`, `https://example.org/${mark}found`];
  await app.query(
    `INSERT INTO "SubtaskPage" ("subtaskId", "url", "position", "depth", "foundUrl", "title", "text", "notes", "reason")
     VALUES ($1, $2, 0, 0, $3, $4, $5, $6, $7)`,
    [id, url, found, ...["title", "text", "notes", "reason"].map((kind) => `${mark}page-${kind}`)],
  );
  await app.query(
    `INSERT INTO "Summary" ("chatId", "throughId", "text", "messages", "model") VALUES ($1, 'm', $2, 2, 'a:b')`,
    [chatId, `${mark}summary`],
  );
  await app.query(
    `INSERT INTO "Review" ("chatId", "messageId", "text", "model") VALUES ($1, 'm', $2, 'a:b')`,
    [chatId, `${mark}review`],
  );
}
