import { isToolUIPart, type UIMessage } from "ai";

/** Where an answer belongs; null where the page does not know. */
export type Place = {
  /** The message that it answers. */
  after: string | null;
  /** The first message that is still unanswered: what is answered already stands before it. */
  before: string | null;
};

/** The list with `answer` in its place; at the end when neither neighbour is in the list. */
export function placeAnswer<M extends UIMessage>(list: M[], answer: M, { after, before }: Place): M[] {
  const others = list.filter((message) => message.id !== answer.id);
  const indexOf = (id: string | null) => others.findIndex((message) => id !== null && message.id === id);
  let at = indexOf(after) + 1;
  if (at === 0) at = indexOf(before);
  if (at === -1) at = others.length;
  return [...others.slice(0, at), answer, ...others.slice(at)];
}

/** The list with `old` taken out and `message` in its place. */
export function replaceById<M extends UIMessage>(list: M[], old: string, message: M): M[] {
  return list.filter((other) => other.id !== message.id).map((other) => (other.id === old ? message : other));
}

export type Merge<M extends UIMessage> = {
  live: M[];
  /** As the loader gave it, in the order of the page. */
  stored: M[];
  /** The page's own version is newer than the stored one: it is being written. */
  isWriting: (message: M) => boolean;
  /** The stored history need not have it yet, so that its absence means nothing. */
  isNewer: (message: M) => boolean;
  placeOf: (answer: M) => Place;
};

/** The stored history with what only this page has: what it is sending, and what it has read but nobody stored yet. */
export function mergeHistory<M extends UIMessage>({ live, stored, ...is }: Merge<M>): M[] {
  const byId = new Map(live.map((message) => [message.id, message]));
  let merged = stored.map((message) => {
    const mine = byId.get(message.id);
    // An answer that went on stands in an older history too, with less in it.
    const newer = mine?.role === "assistant" && (is.isWriting(mine) || is.isNewer(mine));
    const keep = mine && (newer || sameMessage(mine, message));
    return keep ? mine : message;
  });
  const storedIds = new Set(stored.map((message) => message.id));
  for (const message of live) {
    if (storedIds.has(message.id) || !is.isNewer(message)) continue;
    merged =
      message.role === "user" ? [...merged, message] : placeAnswer(merged, message, is.placeOf(message));
  }
  return merged;
}

/** Keeps the object where nothing changed, so that the page need not render it again. */
function sameMessage(a: UIMessage, b: UIMessage): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The answer as it is when its turn is over: no text left open, and of a turn that was cut off no tool that never ran. */
export function closeParts<M extends UIMessage>(message: M, cutOff: boolean): M {
  const neverRan = (part: M["parts"][number]) =>
    cutOff && isToolUIPart(part) && (part.state === "input-streaming" || part.state === "input-available");
  const isOpen = (part: M["parts"][number]) =>
    (part.type === "text" || part.type === "reasoning") && part.state === "streaming";
  if (!message.parts.some((part) => isOpen(part) || neverRan(part))) return message;
  const parts = message.parts.filter((part) => !neverRan(part));
  return { ...message, parts: parts.map((part) => (isOpen(part) ? { ...part, state: "done" } : part)) };
}
