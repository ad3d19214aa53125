import { useChat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { ChatFacts } from "#app/chat/chat-facts.ts";
import type { TurnEnd } from "#app/chat/chat-listener.ts";
import { DurableChat } from "#app/chat/durable-chat.ts";
import type { AttachedFile } from "#app/shared/attachment.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";

export type { TurnEnd } from "#app/chat/chat-listener.ts";
export type { Connection } from "#app/chat/turn-follower.ts";

export type DurableChatOptions<M extends UIMessage> = {
  chatId: string;
  /** History and pending messages in the order of the page. A new array (after a revalidation) is merged in. */
  initialMessages: M[];
  /** Older ones come before the first of them. */
  earlier?: boolean;
  /** Goes with `initialMessages`: read in the same loader call. */
  handle: ResumeHandle;
  /** Where the browser reaches the Trigger API, without a path. */
  triggerUrl: string;
  /** As the loader worked it out, so that hydration changes nothing. */
  initialStatus?: ChatStatus;
  /** A turn began that this tab did not start: revalidate the loader, so that the message it answers appears. */
  onForeignTurn?: () => void;
  onTurnEnd?: (end: TurnEnd) => void;
  /** See `ChatListener`. */
  onDecision?: () => void;
};

export type DurableChatHelpers<M extends UIMessage> = ChatFacts &
  DurableChat<M>["queued"] & {
    messages: M[];
    /** As in `[data-chat-status]`; on the server and at hydration it follows from `handle` alone. */
    status: ChatStatus;
    /** Why `status` is `error`. Its message may be shown. */
    error: Error | undefined;
    /** Shows the message at once and appends it; allowed at any time, an answer that is running is not disturbed. */
    send: (text: string, files?: readonly AttachedFile[], id?: string) => void;
    /** Asks the run to stop; what was written stays. `stopping` until the turn has ended. */
    stop: () => void;
    /** Sends failed messages again under their own ids; without any, answers the last message anew. */
    retry: () => void;
    /** Takes a message that has failed off the page. */
    discard: DurableChat<M>["discard"];
    /** Decides a call that waits for the person; gives null, or a sentence when that could not be sent. */
    decide: DurableChat<M>["decide"];
    /** See `DurableChat.showEarlier`. */
    showEarlier: DurableChat<M>["showEarlier"];
  };

/** A model writes faster than anybody reads: so many milliseconds of deltas are one render. */
const RENDER_EVERY_MS = 40;

/** One open chat: `useChat` fed by one follower of the session's `.out`. Mount it under `key={chatId}`. */
export function useDurableChat<M extends UIMessage>(options: DurableChatOptions<M>): DurableChatHelpers<M> {
  const { chatId, initialMessages, handle, triggerUrl, onForeignTurn, onTurnEnd, onDecision } = options;
  const { earlier = false, initialStatus: status } = options;
  const open = () =>
    new DurableChat<M>({ chatId, messages: initialMessages, earlier, handle, triggerUrl, status });
  const [chat, setChat] = useState(open);
  if (chat.id !== chatId) setChat(open());
  useEffect(() => {
    chat.listen({ onForeignTurn, onTurnEnd, onDecision });
  }, [chat, onForeignTurn, onTurnEnd, onDecision]);
  useEffect(() => chat.mount(), [chat]);
  useEffect(() => chat.adopt(initialMessages, handle, earlier), [chat, initialMessages, handle, earlier]);

  const live = useChat<M>({ chat, experimental_throttle: RENDER_EVERY_MS });
  const facts = useSyncExternalStore(chat.facts.subscribe, chat.facts.get, chat.facts.get);
  const send = useCallback(
    (text: string, files?: readonly AttachedFile[], id?: string) => void chat.send(text, files, id),
    [chat],
  );
  const stop = useCallback(() => void chat.requestStop(), [chat]);
  const retry = useCallback(() => void chat.retry(), [chat]);
  const { messages, error } = live;
  const { decide, discard, showEarlier } = chat;
  const { withdraw, reword } = chat.queued;
  const acts = { send, stop, retry, discard, decide, showEarlier, withdraw, reword };
  return { ...facts, messages, status: live.status, error, ...acts };
}
