import { readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";

/** The message that the AI SDK makes of these chunks, as JSON has it; null when they make none. */
export async function foldChunks(chunks: readonly UIMessageChunk[]): Promise<UIMessage | null> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  let last: UIMessage | null = null;
  for await (const version of readUIMessageStream({ stream, terminateOnError: true })) last = version;
  return last && (JSON.parse(JSON.stringify(last)) as UIMessage);
}
