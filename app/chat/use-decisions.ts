import { useCallback, useMemo } from "react";
import type { ChatFacts } from "#app/chat/chat-facts.ts";
import { useOtherTabs } from "#app/chat/use-other-tabs.ts";
import { useReread } from "#app/chat/use-reread.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { waitingCalls, withAnswers, type ToolAnswers } from "#app/shared/tool-answers.ts";

/** After a decision that the server keeps. Other devices: the list of chats asks whether anything has changed. */
export function useDecisionNews(chatId: string): () => void {
  const reread = useReread();
  const tellTabs = useOtherTabs("decisions", chatId);
  return useCallback(() => {
    tellTabs();
    reread();
  }, [tellTabs, reread]);
}

export type DecidedMessages = {
  /** The last one with what is decided about its calls. */
  messages: LongrunUIMessage[];
  /** Of the calls that wait together: how many are decided, and how many are not. */
  decided: number;
  left: number;
  /** All are, and the server says so: the answer should have gone on. */
  unsent: boolean;
};

/** The messages of a chat as they are decided: by what the server keeps, and what it was given since. */
export function useDecisions(
  messages: LongrunUIMessage[],
  stored: ToolAnswers,
  kept: ChatFacts["kept"],
): DecidedMessages {
  return useMemo(() => {
    const last = messages.at(-1);
    const waiting = last ? waitingCalls(last).length : 0;
    if (!last || waiting === 0) return { messages, decided: 0, left: 0, unsent: false };
    const mine = kept?.messageId === last.id ? kept.answers : {};
    const shown = withAnswers(last, { ...mine, ...stored });
    const left = waitingCalls(shown).length;
    const unsent = waitingCalls(withAnswers(last, stored)).length === 0;
    const list = shown === last ? messages : [...messages.slice(0, -1), shown];
    return { messages: list, decided: waiting - left, left, unsent };
  }, [messages, stored, kept]);
}
