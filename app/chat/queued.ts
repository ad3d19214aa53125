import type { UIMessage } from "ai";
import type { FactStore } from "#app/chat/chat-facts.ts";
import type { InputLedger } from "#app/chat/input-ledger.ts";
import { withText } from "#app/shared/queue.ts";

type Page<M extends UIMessage> = { messages: () => M[]; show: (messages: M[]) => void };

/** The messages of a page that wait behind the one that is answered. */
export class Queued<M extends UIMessage> {
  constructor(
    private readonly ledger: InputLedger,
    private readonly facts: FactStore,
    private readonly page: Page<M>,
  ) {}

  publish(): void {
    const ids = this.ledger
      .list()
      .slice(1)
      .flatMap(({ acknowledged, messageId }) => (acknowledged && messageId !== null ? [messageId] : []));
    const before = this.facts.get().waiting;
    if (ids.join(" ") !== before.join(" ")) this.facts.set({ waiting: ids });
  }

  /** The message is not shown any more. Its record is still to be passed by the run, which shows nothing of it. */
  withdraw = (messageId: string): void => {
    this.ledger.disown(messageId);
    this.page.show(this.page.messages().filter(({ id }) => id !== messageId));
    this.publish();
  };

  reword = (messageId: string, text: string): void => {
    const worded = (message: M) => (message.id === messageId ? withText(message, text) : message);
    this.page.show(this.page.messages().map(worded));
  };
}
