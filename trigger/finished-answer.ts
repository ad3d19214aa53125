import { readUIMessageStream, type UIMessageChunk } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { unwrapSoFar } from "#app/shared/so-far.ts";
import type { RunState } from "#trigger/run-state.ts";

/**
 * An answer that had gone on after a decision, and whose run was lost between its last word and its turn's end: all of
 * it, as every page has read it. The runtime, which does not read what such a turn repeats, has only what came after.
 * Null when the history does not end with one.
 */
export async function finishedAnswer(
  { tail }: Pick<RunState, "tail">,
  messages: readonly LongrunUIMessage[],
): Promise<LongrunUIMessage | null> {
  const last = messages.at(-1);
  if (!tail?.lost || last?.role !== "assistant" || last.id !== tail.finishedId) return null;
  if (tail.lost.messageId !== last.id) return null;
  const chunks = tail.lost.chunks.map(unwrapSoFar);
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  let whole: LongrunUIMessage | null = null;
  for await (const version of readUIMessageStream<LongrunUIMessage>({ stream })) whole = version;
  return whole;
}
