import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { postForm } from "#app/chat/post-form.ts";
import type { DurableChatHelpers } from "#app/chat/use-durable-chat.ts";
import { useReread } from "#app/chat/use-reread.ts";
import { useOtherTabs } from "#app/chat/use-other-tabs.ts";
import { useOthersQueue } from "#app/chat/use-others-queue.ts";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { type QueueNow, type QueueState, steeredBy } from "#app/shared/queue.ts";

/** What is decided about a message that waits; the names are those of the form without scripts. */
type QueueRequest =
  { intent: "withdraw" | "steer"; target: string } | { intent: "revise"; target: string; text: string };

export type Queue = {
  chatId: string;
  /** What becomes of each message that waits, by its id. */
  states: Readonly<Record<string, QueueState>>;
  /** Gives null when it is done, otherwise why not, in a sentence. */
  ask: (request: QueueRequest) => Promise<string | null>;
};

const context = createContext<Queue | null>(null);

export const QueueProvider = context.Provider;

export const useQueued = (): Queue | null => useContext(context);

type Chat = Pick<
  DurableChatHelpers<LongrunUIMessage>,
  "messages" | "status" | "waiting" | "withdraw" | "reword"
>;

/** The messages of an open chat that wait behind its running answer. `decided`: as the loader has read it. */
export function useQueue(
  chatId: string,
  chat: Chat,
  decided: Readonly<Record<string, QueueState>>,
): { queue: Queue; error: string | null } {
  const { messages, waiting, withdraw, reword } = chat;
  const [steering, setSteering] = useState<readonly string[]>([]);
  const [error, setError] = useState<string | null>(null);
  // Other devices: see `useOthersQueue`.
  const tellTabs = useOtherTabs("queue", chatId);
  useEffect(() => {
    for (const [id, state] of Object.entries(decided)) if (state === "withdrawn") withdraw(id);
  }, [decided, withdraw]);
  const isOpen = chat.status === "submitted" || chat.status === "streaming";
  const reread = useReread();
  const asked = useRef(new Set<string>());
  const takeOthers = (now: QueueNow) => {
    for (const [id, { state, text }] of Object.entries(now)) {
      const shown = messages.find((message) => message.id === id);
      if (shown && state === "withdrawn") withdraw(id);
      else if (shown && text !== null && messageText(shown) !== text) reword(id, text);
      if (state === "steer") setSteering((before) => (before.includes(id) ? before : [...before, id]));
      if (shown || state === "withdrawn" || asked.current.has(id)) continue;
      asked.current.add(id);
      reread();
    }
  };
  const ask = useCallback(
    async (request: QueueRequest) => {
      setError(null);
      const { intent, target } = request;
      const problem = await post(chatId, request);
      setError(problem);
      if (problem !== null) return problem;
      if (intent === "withdraw") withdraw(target);
      else if (intent === "revise") reword(target, request.text);
      else setSteering((before) => [...before, target]);
      tellTabs();
      return null;
    },
    [chatId, withdraw, reword, tellTabs],
  );
  useOthersQueue(chatId, isOpen, takeOthers);
  // Text that arrives changes none of this, and must not render the whole list again.
  const steered = messages.flatMap(steeredBy).join(" ");
  const states = useMemo(() => {
    const gone = new Set(steered.split(" "));
    const stateOf = (id: string) => (steering.includes(id) ? "steer" : (decided[id] ?? "waiting"));
    return Object.fromEntries(waiting.filter((id) => !gone.has(id)).map((id) => [id, stateOf(id)]));
  }, [waiting, steered, steering, decided]);
  const queue = useMemo(() => ({ chatId, states, ask }), [chatId, states, ask]);
  return { queue, error };
}

const UNREACHABLE = "The server cannot be reached, so nothing was changed. Try again in a moment.";

async function post(chatId: string, request: QueueRequest): Promise<string | null> {
  const refused = await postForm(`/chats/${chatId}/queue`, { ...request, stay: "1" }, UNREACHABLE);
  // What was to join the answer is answered already: that is what was wanted.
  if (request.intent === "steer" && refused?.status === 409) return null;
  return refused?.problem ?? null;
}
