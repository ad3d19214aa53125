import { readCursors } from "#app/models/chat-session.server.ts";
import { queueMarks } from "#app/models/queued-input.server.ts";
import { storedIds } from "#app/models/message.server.ts";
import { streamState, type StreamState } from "#app/server/pending-input.server.ts";
import { readRecords } from "#app/server/trigger-client.server.ts";
import { type QueueNow, type QueueState, withText } from "#app/shared/queue.ts";

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

/** What waits for a turn in a chat whose owner was checked. Throws TriggerError. */
export async function queueNow(chatId: string): Promise<QueueNow> {
  const cursors = await readCursors(chatId);
  const input = await readRecords(chatId, "in", cursors.lastInEventId);
  const ids = streamState(cursors, input, []).pending.map(({ message }) => message.id);
  const [marks, taken] = await Promise.all([queueMarks(chatId, ids), storedIds(chatId, ids)]);
  const waiting = ids.filter((id) => !taken.has(id));
  return Object.fromEntries(waiting.map((id) => [id, marks.get(id) ?? { state: "waiting", text: null }]));
}
