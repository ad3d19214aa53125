import { createContext, useContext, useMemo, type ReactNode } from "react";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { waitingCalls, type ToolAnswer } from "#app/shared/tool-answers.ts";

type Decide = (toolCallId: string, answer: ToolAnswer) => Promise<string | null>;
type Value = { action: string; decide: Decide; waiting: ReadonlySet<string> };

const Context = createContext<Value>({
  action: "",
  decide: () => Promise.resolve(null),
  waiting: new Set(),
});

type Props = {
  chatId: string;
  messages: LongrunUIMessage[];
  idle: boolean;
  decide: Decide;
  children: ReactNode;
};

/** Lets the cards of calls that wait for the person be decided: those of the last answer, while nothing runs. */
export function DecisionProvider({ chatId, messages, idle, decide, children }: Props) {
  const last = messages.at(-1);
  const ids =
    idle && last
      ? waitingCalls(last)
          .map((call) => call.toolCallId)
          .join(" ")
      : "";
  const value = useMemo(
    () => ({ action: `/chats/${chatId}`, decide, waiting: new Set(ids.split(" ").filter(Boolean)) }),
    [chatId, decide, ids],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

/** A call that waits for the person. */
export type Waiting = {
  toolCallId: string;
  /** Where its form goes when there are no scripts. */
  action: string;
  decide: (answer: ToolAnswer) => Promise<string | null>;
};

/** The call, where it waits; null when it does not (any more). */
export function useDecision(toolCallId: string): Waiting | null {
  const { action, decide, waiting } = useContext(Context);
  return waiting.has(toolCallId)
    ? { toolCallId, action, decide: (answer) => decide(toolCallId, answer) }
    : null;
}
