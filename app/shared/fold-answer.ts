import { readUIMessageStream, type UIMessageChunk } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

/** The message that the chunks of one answer make; null where nothing names it: it could not be found again. */
export async function foldAnswer(chunks: readonly UIMessageChunk[]): Promise<LongrunUIMessage | null> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  let last: LongrunUIMessage | null = null;
  // What an error chunk says stands in the message, too.
  const versions = readUIMessageStream<LongrunUIMessage>({ stream, onError: () => undefined });
  for await (const version of versions) last = version;
  return last && last.id !== "" ? last : null;
}
