/** Something that a search found: a chat by its title (`messageId` null), or one message. */
export type SearchResult = {
  chatId: string;
  title: string | null;
  messageId: string | null;
  role: "user" | "assistant" | null;
  /** The words around the place; null for a title. */
  excerpt: string | null;
};

const MOST_WORDS = 8;

/** The words that a search looks for, as they are typed. */
export function searchWords(query: string): string[] {
  return query.trim().split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
}

/** Where a result leads. The anchor is for browsers without scripts. */
export function resultAddress({ chatId, messageId }: Pick<SearchResult, "chatId" | "messageId">): string {
  if (messageId === null) return `/chats/${chatId}`;
  const id = encodeURIComponent(messageId);
  return `/chats/${chatId}?message=${id}#m-${id}`;
}

const BEFORE = 40;
const LENGTH = 160;

/** A line of the text around the first of the words. */
export function excerptOf(text: string, words: readonly string[]): string {
  const line = text.replace(/\s+/g, " ").trim();
  const lower = line.toLowerCase();
  const places = words.map((word) => lower.indexOf(word.toLowerCase())).filter((place) => place !== -1);
  const from = Math.max(0, Math.min(...places, lower.length) - BEFORE);
  const begin = from === 0 ? 0 : line.indexOf(" ", from) + 1 || from;
  const end = begin + LENGTH;
  return `${begin > 0 ? "…" : ""}${line.slice(begin, end)}${end < line.length ? "…" : ""}`;
}

/** The text cut where it holds one of the words, whatever their case; each second piece is such a word. */
export function cutAtWords(text: string, words: readonly string[]): string[] {
  if (words.length === 0) return [text];
  const any = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return text.split(new RegExp(`(${any})`, "gi"));
}
