import { createContext, useContext, useMemo, type ReactNode } from "react";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { waitingCalls, type ToolAnswer } from "#app/shared/tool-answers.ts";

type Decide = (toolCallId: string, answer: ToolAnswer) => Promise<string | null>;
type Value = { decide: Decide; waiting: ReadonlySet<string> };

const Context = createContext<Value>({ decide: () => Promise.resolve(null), waiting: new Set() });

type Props = { messages: LongrunUIMessage[]; idle: boolean; decide: Decide; children: ReactNode };

/** Lets the cards of calls that wait for the person be decided: those of the last answer, while nothing runs. */
export function DecisionProvider({ messages, idle, decide, children }: Props) {
  const last = messages.at(-1);
  const ids =
    idle && last
      ? waitingCalls(last)
          .map((call) => call.toolCallId)
          .join(" ")
      : "";
  const value = useMemo(() => ({ decide, waiting: new Set(ids.split(" ").filter(Boolean)) }), [decide, ids]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

/** What decides the call; null when it does not wait (any more). */
export function useDecision(toolCallId: string): ((answer: ToolAnswer) => Promise<string | null>) | null {
  const { decide, waiting } = useContext(Context);
  return waiting.has(toolCallId) ? (answer) => decide(toolCallId, answer) : null;
}
