import { chat } from "@trigger.dev/sdk/ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { foldAnswer } from "#app/shared/fold-answer.ts";
import { unwrapSoFar } from "#app/shared/so-far.ts";
import type { RunState } from "#trigger/run-state.ts";

/** Whether the answer had gone on after a decision, and the run was lost before it had saved it. */
export const hasGoneOn = ({ tail, stored }: RunState, id: string): boolean =>
  stored.has(id) && (tail?.finished.some(({ messageId }) => messageId === id) ?? false);

/**
 * The history with answers that had gone on after a decision, and whose run was lost before it had saved them, as every
 * page has read them. The turn of such an answer repeats what it held before in a way that the runtime passes over: of
 * these the runtime has the end alone. They count as not stored from now on. Only a run's first history has any.
 */
export async function withGoneOn(
  state: RunState,
  messages: LongrunUIMessage[],
): Promise<{ messages: LongrunUIMessage[]; ids: Set<string> }> {
  const ids = new Set<string>();
  let list = messages;
  const finished = (state.tail?.finished ?? []).filter(({ messageId }) => hasGoneOn(state, messageId));
  for (const answer of finished) {
    const at = list.findIndex(({ id }) => id === answer.messageId);
    const whole = at === -1 ? null : await foldAnswer(answer.chunks.map(unwrapSoFar));
    if (!whole) continue;
    list = list.with(at, whole);
    ids.add(whole.id);
    state.stored.delete(whole.id);
  }
  state.tail?.finished.splice(0);
  if (ids.size > 0) chat.history.set(list);
  return { messages: list, ids };
}
