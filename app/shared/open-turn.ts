import type { UIMessage, UIMessageChunk } from "ai";

/**
 * A turn that is being written, as far as a page has it: what a reader needs to go on at `cursor` as if it had read
 * the turn from its beginning.
 */
export type OpenTurn = {
  /** Sequence number of the last record that is in the page, a decimal string. */
  cursor: string;
  /** The answer's id. */
  messageId: string;
  /** The turn's chunks without its text, which the answer in the page has. */
  outline: UIMessageChunk[];
};

type Written = "text" | "reasoning";
type Opening = Extract<UIMessageChunk, { type: `${Written}-start` }>;
type Delta = Extract<UIMessageChunk, { type: `${Written}-delta` }>;

/**
 * The chunks of one answer with as few of them as rebuild the same message: what is added to one part, or replaces
 * what the part had, becomes one chunk. So an answer of ten thousand deltas is read in the time of its parts.
 */
export function compactChunks(chunks: readonly UIMessageChunk[]): UIMessageChunk[] {
  const compact: UIMessageChunk[] = [];
  const latest = new Map<string, number>();
  for (const chunk of chunks) {
    const key = partOf(chunk);
    const at = key === null ? undefined : latest.get(key);
    const joined = at === undefined ? null : join(compact[at], chunk);
    if (at !== undefined && joined) {
      compact[at] = joined;
      continue;
    }
    // A part that is begun again under the same name is another one.
    if (key !== null && isBeginning(chunk)) latest.delete(key);
    else if (key !== null) latest.set(key, compact.length);
    compact.push(chunk);
  }
  return compact;
}

function partOf(chunk: UIMessageChunk): string | null {
  switch (chunk.type) {
    case "text-start":
    case "text-delta":
      return `text ${chunk.id}`;
    case "reasoning-start":
    case "reasoning-delta":
      return `reasoning ${chunk.id}`;
    case "tool-input-start":
    case "tool-input-delta":
      return `input ${chunk.toolCallId}`;
    case "tool-output-available":
      return `output ${chunk.toolCallId}`;
    default:
      return chunk.type.startsWith("data-") && "id" in chunk ? `${chunk.type} ${String(chunk.id)}` : null;
  }
}

const isBeginning = ({ type }: UIMessageChunk): boolean => type.endsWith("-start");

function join(before: UIMessageChunk | undefined, next: UIMessageChunk): UIMessageChunk | null {
  if (isDelta(before) && isDelta(next)) {
    const { providerMetadata = before.providerMetadata } = next;
    const delta = before.delta + next.delta;
    return { ...before, delta, ...(providerMetadata ? { providerMetadata } : {}) };
  }
  if (before?.type === "tool-input-delta" && next.type === "tool-input-delta") {
    return { ...before, inputTextDelta: before.inputTextDelta + next.inputTextDelta };
  }
  if (before?.type === "tool-output-available" && next.type === "tool-output-available") {
    return before.preliminary && !before.providerMetadata ? next : null;
  }
  // Data under one id stands where it stood first, with what came last.
  return before?.type.startsWith("data-") && before.type === next.type ? next : null;
}

const isDelta = (chunk: UIMessageChunk | undefined): chunk is Delta =>
  chunk?.type === "text-delta" || chunk?.type === "reasoning-delta";

/** What `chunksOfTurn` makes the same chunks of again, with the message that they gave. */
export function outlineOf(compact: readonly UIMessageChunk[]): UIMessageChunk[] {
  return compact.filter((chunk) => !isDelta(chunk) && !("transient" in chunk && chunk.transient === true));
}

/** The chunks that make the open answer of a page; none when the page has not the answer that the outline is of. */
export function chunksOfTurn({ outline, messageId }: OpenTurn, page: readonly UIMessage[]): UIMessageChunk[] {
  const written = (page.find(({ id }) => id === messageId)?.parts ?? []).filter(
    (part) => part.type === "text" || part.type === "reasoning",
  );
  let complete = true;
  const chunks = outline.flatMap((chunk): UIMessageChunk[] => {
    if (chunk.type !== "text-start" && chunk.type !== "reasoning-start") return [chunk];
    const part = written.shift();
    complete &&= part !== undefined && chunk.type === `${part.type}-start`;
    return part ? [chunk, ...textOf(chunk, part)] : [];
  });
  return complete && written.length === 0 ? chunks : [];
}

function textOf(
  { type, id }: Opening,
  { text, providerMetadata }: Extract<UIMessage["parts"][number], { type: Written }>,
): Delta[] {
  if (text === "") return [];
  const more = providerMetadata ? { providerMetadata } : {};
  return [{ type: type === "text-start" ? "text-delta" : "reasoning-delta", id, delta: text, ...more }];
}
