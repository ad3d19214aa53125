import { logger } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { takeSteering as takeFromQueue, type QueueMark } from "#app/models/queued-input.server.ts";
import { acceptSubmitted, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { withText } from "#app/shared/queue.ts";
import { wereStored } from "#trigger/branch-sync.ts";
import { runState, type RunState } from "#trigger/run-state.ts";

/**
 * The history of a turn that begins, as the person has decided about its message while that waited: with other words,
 * or without it when it was withdrawn.
 */
export function asDecided(
  state: RunState,
  messages: LongrunUIMessage[],
  mark: QueueMark | null,
): LongrunUIMessage[] {
  const history = decided(messages, mark);
  if (history !== messages) chat.history.set(history);
  if (mark?.state === "withdrawn") {
    state.withdrawn = true;
    // The runtime has counted it as a message of this turn, and would keep it.
    state.beforeRefusal = history;
  }
  const unsaved = history.filter((message) => !state.stored.has(message.id));
  wereStored(state, unsaved, history.at(-1)?.id ?? null);
  return history;
}

function decided(messages: LongrunUIMessage[], mark: QueueMark | null): LongrunUIMessage[] {
  const asked = messages.at(-1);
  if (!asked || !mark) return messages;
  const before = messages.slice(0, -1);
  if (mark.state === "withdrawn") return before;
  return mark.text === null ? messages : [...before, withText(asked, mark.text)];
}

/**
 * The agent's `onReceived`: a message that comes while a turn runs. The runtime offers it to the model's next step
 * once this resolves; until then, and for good when the turn ends before, it waits for a turn of its own.
 */
export function hold({ message }: { message: LongrunUIMessage }): Promise<void> {
  return new Promise((resolve) => {
    const clean = acceptSubmitted(message);
    if (!clean) return;
    runState().held.set(clean.id, (text) => {
      // The runtime keeps this very object: what a browser wrote beside the text does not go in.
      message.parts = text === null ? clean.parts : withText(clean, text).parts;
      delete message.metadata;
      resolve();
    });
  });
}

/** Between two steps of a turn: what its person wants to steer it with goes to the next one. */
export async function takeSteering({ finishReason }: { finishReason: string }): Promise<void> {
  const { chatId, held } = runState();
  if (finishReason !== "tool-calls" || !chatId || held.size === 0) return;
  try {
    const taken = await takeFromQueue(chatId, [...held.keys()]);
    const texts = new Map(taken.map(({ messageId, text }) => [messageId, text]));
    // In the order in which they were sent, which is not the one in which they were decided about.
    for (const [messageId, goOn] of held) {
      const text = texts.get(messageId);
      if (text === undefined) continue;
      goOn(text);
      held.delete(messageId);
    }
    // The runtime puts them in line within this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } catch {
    logger.warn("the queue could not be read; what waits has its own turn", { chatId });
  }
}
