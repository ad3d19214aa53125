import type { UIMessageChunk } from "ai";
import type { Used } from "#app/models/usage.server.ts";
import type { LongrunUIMessage, MessageMetadata } from "#app/shared/chat-message.ts";
import { SUBTASK_TOOLS } from "#trigger/subtasks/lost-calls.ts";

type Chunk = UIMessageChunk<MessageMetadata, { error: { text: string } }>;

const hasSubtasks = (answer: LongrunUIMessage | null): boolean =>
  answer?.parts.some(({ type }) => SUBTASK_TOOLS.has(type.replace(/^tool-/, ""))) ?? false;

/**
 * Adds what an answer's subtasks have used to what it tells of itself. `used` is asked after each call of the model, and
 * only where there are any; where it fails, the answer's own use is told.
 */
export function withSubtaskUsage(
  goesOn: LongrunUIMessage | null,
  used: () => Promise<Used>,
): TransformStream<Chunk, Chunk> {
  let any = hasSubtasks(goesOn);
  return new TransformStream({
    async transform(chunk, controller) {
      any ||= chunk.type === "tool-input-available" && SUBTASK_TOOLS.has(chunk.toolName);
      const own = chunk.type === "message-metadata" ? chunk.messageMetadata : undefined;
      const more = any && own?.costMicros !== undefined ? await used().catch(() => null) : null;
      if (chunk.type !== "message-metadata" || !own || !more) return controller.enqueue(chunk);
      controller.enqueue({ ...chunk, messageMetadata: plus(own, more) });
    },
  });
}

/** Numbers that nobody has given stay left out. */
function plus(own: MessageMetadata, more: Used): MessageMetadata {
  const sum = { ...own };
  for (const name of ["inputTokens", "outputTokens", "cachedTokens"] as const)
    if (more[name] > 0) sum[name] = (own[name] ?? 0) + more[name];
  const { costMicros = null } = own;
  sum.costMicros = costMicros === null || more.costMicros === null ? null : costMicros + more.costMicros;
  return sum;
}
