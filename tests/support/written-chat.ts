import { randomUUID } from "node:crypto";
import type { App } from "./app.ts";

export type WrittenMessage = { role: "user" | "assistant"; parts: Record<string, unknown>[] };

const PAGE = 40;

const textPart = (text: string): Record<string, unknown> => ({ type: "text", text });

/** Writes a chat with exactly these messages into the database, for the account with this address; gives its id. */
export async function writtenChat(
  app: App,
  email: string,
  { title, messages }: { title: string; messages: WrittenMessage[] },
): Promise<string> {
  const chatId = randomUUID();
  await app.query(
    `INSERT INTO "Chat" ("id", "userId", "title", "headMessageId")
     SELECT $1, "id", $2, $3 FROM "User" WHERE "email" = $4`,
    [chatId, title, `w${messages.length - 1}`, email],
  );
  await app.query(`INSERT INTO "ChatSession" ("id") VALUES ($1)`, [chatId]);
  for (const [index, message] of messages.entries()) {
    const id = `w${index}`;
    await app.query(
      `INSERT INTO "Message" ("chatId", "id", "position", "parentId", "message") VALUES ($1, $2, $3, $4, $5)`,
      [chatId, id, index, index === 0 ? "" : `w${index - 1}`, JSON.stringify({ id, ...message })],
    );
  }
  return chatId;
}

/** One message for each text, as many to a chat as a page shows. */
export function chatsOf(messages: WrittenMessage[]): WrittenMessage[][] {
  const count = Math.ceil(messages.length / PAGE);
  return Array.from({ length: count }, (_, index) => messages.slice(index * PAGE, (index + 1) * PAGE));
}

export const answered = (text: string): WrittenMessage => ({ role: "assistant", parts: [textPart(text)] });
export const asked = (text: string): WrittenMessage => ({ role: "user", parts: [textPart(text)] });

/** A call of each tool with the text wherever a tool has one. */
export function toolParts(text: string, trapUrl: string): Record<string, unknown>[] {
  const call = (name: string, input: unknown, output: unknown) => ({
    type: `tool-${name}`,
    toolCallId: `call-${name}`,
    state: "output-available",
    input,
    output,
  });
  return [
    call("fetchPage", { url: text }, { url: text, title: text, text, truncated: false }),
    call(
      "searchChats",
      { query: text },
      { hits: [{ chatId: text, messageId: text, title: text, excerpt: text }] },
    ),
    call("runJavaScript", { code: text }, { console: text, result: text, error: text }),
    call("askUser", { question: text, choices: [text] }, { answer: text }),
    call("calculate", { expression: text }, { result: text }),
    call(text, { [text]: text }, { [text]: text }),
    { ...call("calculate", { expression: text }, undefined), state: "output-error", errorText: text },
    { type: "reasoning", text, state: "done" },
    { type: "source-url", sourceId: "s", url: `javascript:pwned(1)`, title: text },
    { type: "file", mediaType: "image/svg+xml", filename: text, url: `${trapUrl}/file.svg` },
    { type: "file", mediaType: "text/html", filename: text, url: "javascript:pwned('file')" },
  ];
}
