import { queueMarks } from "#app/models/queued-input.server.ts";
import type { StreamState } from "#app/server/pending-input.server.ts";
import { type QueueState, withText } from "#app/shared/queue.ts";

/** The messages that wait, as their owner has decided about them: without those withdrawn, with newer words. */
export async function asDecided<S extends Pick<StreamState, "pending">>(
  chatId: string,
  state: S,
): Promise<S & { queue: Record<string, QueueState> }> {
  const marks = await queueMarks(
    chatId,
    state.pending.map(({ message }) => message.id),
  );
  const pending = state.pending.flatMap((entry) => {
    const mark = marks.get(entry.message.id);
    if (mark?.state === "withdrawn") return [];
    const text = mark?.text ?? null;
    return [text === null ? entry : { ...entry, message: withText(entry.message, text) }];
  });
  const queue = Object.fromEntries([...marks].map(([id, { state: decided }]) => [id, decided]));
  return { ...state, pending, queue };
}
