import { randomUUID } from "node:crypto";

export type ScriptedCall = { name: string; input: unknown };

/** What the scripted model answers to one request. Everything left out is not there. */
export interface Script {
  /** The whole answer; cut into pieces of `pieceSize` characters. */
  text?: string;
  /** Characters a piece, default 5. */
  pieceSize?: number;
  /** Milliseconds before the first piece of text, as a model that thinks. */
  firstMs?: number;
  /** Milliseconds before each piece of text, default 4. */
  pieceMs?: number;
  /** Stand still after that many pieces until the test releases the answer. */
  holdAfter?: number;
  /** Sent before the text, as `reasoning_content`, in pieces of 12 characters. */
  reasoning?: string;
  /** Milliseconds before each of those pieces, default 0. */
  reasoningMs?: number;
  /** Stand still after that many of them until the test lets the answer go on. */
  holdReasoningAfter?: number;
  /** Call this tool once; the text follows when the tool's result comes back. */
  tool?: ScriptedCall;
  /** Call these tools once, all in one step, in the place of `tool`. */
  tools?: readonly ScriptedCall[];
  /** Stand still before that call until the test releases the answer. */
  holdTool?: boolean;
  /** Send that call's arguments in pieces of so many characters, `pieceMs` apart; default: all at once. */
  toolPieceSize?: number;
  /** Stand still after that many pieces of them until the test releases the answer. */
  holdToolAfter?: number;
  /** Call the tools although their results are there. */
  repeatTool?: boolean;
  /** What the provider says that ended the answer, default `stop`. */
  finish?: "length" | "content_filter";
  /** Answer with this HTTP status instead of a stream. */
  fail?: { status: number; message: string };
  /** Cut the connection after that many pieces. */
  cutAfter?: number;
  /** Written as it is after the text, in place of the answer's end; then the connection is closed in good order. */
  raw?: string;
  /** Send all the text, but never finish. */
  neverEnds?: boolean;
}

/** The part of an OpenAI chat completion request that tests look at. */
export interface ChatRequest {
  model: string;
  stream?: boolean;
  messages: { role: string; content: unknown; tool_call_id?: string }[];
  tools?: unknown[];
}

/** One `stream: true` request that the model was asked, and how far its answer got. */
export interface Asked {
  /** Time of arrival, `performance.now()` of this process. */
  at: number;
  userText: string;
  request: ChatRequest;
  /** The text sent so far, and the reasoning before it. */
  sent: string;
  thought: string;
  /** When the first piece of text left, `performance.now()`. */
  firstTextAt: number | null;
  /** `open` until the last byte was written (`done`), the caller went away or the script cut it (`cut`). */
  state: "open" | "done" | "cut";
}

/** The text of the last user message of a request. */
export function lastUserText(request: ChatRequest): string {
  const message = request.messages.findLast(({ role }) => role === "user");
  return message ? contentText(message.content) : "";
}

/** The text of one message's content, in either of OpenAI's two forms. */
export function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as { text?: string }[]).map((part) => part.text ?? "").join("");
}

/**
 * Words that are numbered, so that one that is lost or doubled shows; no Markdown syntax, so that the page
 * shows exactly this text.
 */
export function numberedWords(count: number, word = "word"): string {
  return Array.from({ length: count }, (_, index) => `${word}${index + 1}`).join(" ");
}

/** The answer to a message that no script names: the same for the same text. */
export function defaultText(userText: string): string {
  const quoted = userText
    .replace(/[^\p{L}\p{N} ]/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 60);
  return `You wrote ${quoted} and here are ${numberedWords(12)}`;
}

/** A user's text that no other test sends, and the word in it to script its answer by. */
export function question(about: string): { text: string; key: string } {
  const key = `key${randomUUID().slice(0, 8)}`;
  return { text: `${about} ${key}`, key };
}
