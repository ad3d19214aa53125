import type { ChatState, UIMessage } from "ai";
import type { ActiveTurn } from "#app/chat/active-turn.ts";
import { withDecisions } from "#app/chat/decisions.ts";
import type { Awaited } from "#app/chat/input-ledger.ts";
import { progress } from "#app/shared/answer-progress.ts";

type Page<M extends UIMessage> = {
  active: () => ActiveTurn<M> | null;
  unanswered: () => readonly Awaited[];
  messages: () => M[];
  show: (messages: M[]) => void;
};

/**
 * What `useChat` writes into its list goes where the page wants it: answers to their place, and never back. A replay is
 * shown once it has got further than what is there.
 */
export function guardMessages<M extends UIMessage>(state: ChatState<M>, page: Page<M>): void {
  const { pushMessage, replaceMessage } = state;
  state.pushMessage = (message) => {
    const active = page.active();
    if (!active || message.role !== "assistant") pushMessage(message);
    else page.show(active.add(page.messages(), state.snapshot(message), page.unanswered()));
  };
  state.replaceMessage = (index, message) => {
    const active = page.active();
    let at = index;
    if (message.role === "assistant" && active) {
      const list = active.takeUp(page.messages(), message.id, page.unanswered());
      if (list !== page.messages()) page.show(list);
      at = list.findIndex(({ id }) => id === message.id);
    }
    const shown = active?.isBegunAgain ? undefined : page.messages()[at];
    const decided = withDecisions(message);
    if (!shown || progress(decided) >= progress(shown)) replaceMessage(at, decided);
  };
}
