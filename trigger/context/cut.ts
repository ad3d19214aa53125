import type { ModelMessage } from "ai";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";

/** Bytes of UTF-8 that are about one token, in most languages and in code. */
export const BYTES_A_TOKEN = 4;

export const tokensOfText = (text: string): number => Math.ceil(Buffer.byteLength(text) / BYTES_A_TOKEN);

/** About what a model counts for these messages: text, thoughts, and the tools' input and output. */
export function tokensOf(messages: readonly Pick<LongrunUIMessage, "parts">[]): number {
  return messages.reduce((sum, { parts }) => sum + tokensOfText(JSON.stringify(parts)), 0);
}

/**
 * How many messages from the beginning are to be summarised, so that the rest takes at most `keep` tokens: as few as
 * do, and never the last message of the person nor what comes after it. More than `after`; null when there is no such
 * place.
 */
export function cutOf(path: readonly LongrunUIMessage[], after: number, keep: number): number | null {
  const last = path.findLastIndex(({ role }) => role === "user");
  let best: number | null = null;
  let rest = tokensOf(path.slice(Math.max(last, 0)));
  for (let index = last; index > after; index--) {
    if (index < last) rest += tokensOf(path.slice(index, index + 1));
    // What begins with a question makes sense without what came before it.
    const isBorder = path[index]?.role === "user" && path[index - 1]?.role === "assistant";
    if (!isBorder) continue;
    if (best !== null && rest > keep) break;
    best = index;
  }
  return best;
}

/** Pieces of at most `most` tokens, each at least one question with what was said to it. */
export function piecesOf(messages: readonly LongrunUIMessage[], most: number): LongrunUIMessage[][] {
  const pieces: LongrunUIMessage[][] = [];
  let size = 0;
  for (const turn of turnsOf(messages)) {
    const tokens = tokensOf(turn);
    const piece = pieces.at(-1);
    if (piece && size + tokens <= most) {
      piece.push(...turn);
      size += tokens;
    } else {
      pieces.push(turn);
      size = tokens;
    }
  }
  return pieces;
}

function turnsOf(messages: readonly LongrunUIMessage[]): LongrunUIMessage[][] {
  const turns: LongrunUIMessage[][] = [];
  for (const [index, message] of messages.entries()) {
    const begins = message.role === "user" && messages[index - 1]?.role !== "user";
    if (begins || turns.length === 0) turns.push([message]);
    else turns.at(-1)?.push(message);
  }
  return turns;
}

function textOf({ content }: ModelMessage): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/**
 * The end of the model's messages that is `tail`, which begins with a message of the person; null when it cannot be
 * told. The runtime made them from the whole branch, one of the person's for each, but gives them no ids.
 */
export function endOf(
  messages: readonly ModelMessage[],
  tail: readonly LongrunUIMessage[],
): ModelMessage[] | null {
  const [first] = tail;
  if (first?.role !== "user") return null;
  const asked = tail.filter(({ role }) => role === "user").length;
  const places = messages.flatMap(({ role }, index) => (role === "user" ? [index] : []));
  const place = places.at(-asked);
  const found = place === undefined ? undefined : messages[place];
  return found && textOf(found) === messageText(first) ? messages.slice(place) : null;
}
