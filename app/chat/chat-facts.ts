import type { Connection } from "#app/chat/turn-follower.ts";

/** What became of a message of this tab that the server has not acknowledged yet. */
export type Delivery = "sending" | "failed";

/** What the page shows of a chat besides its messages and status. */
export type ChatFacts = {
  connection: Connection;
  /** By message id; a message that is not in it is safe on the server. */
  delivery: Readonly<Record<string, Delivery>>;
  /** Messages that are stored and wait behind the one that is answered, in their order. */
  waiting: readonly string[];
  /** A stop was asked for, and the turn has not ended yet. */
  stopping: boolean;
  /** Set once the session is closed for good (deleted, or ended by the agent): nothing more can be sent. */
  closed: { reason: string | null } | null;
  /** Older messages come before the first that is shown. */
  earlier: boolean;
};

const AT_FIRST: ChatFacts = {
  connection: "live",
  delivery: {},
  waiting: [],
  stopping: false,
  closed: null,
  earlier: false,
};

/** The facts of one chat as an external store for React: a new object only when one of them changed. */
export class FactStore {
  #facts = AT_FIRST;
  #listeners = new Set<() => void>();

  get = (): ChatFacts => this.#facts;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(change: Partial<ChatFacts>): void {
    const next = { ...this.#facts, ...change };
    const names = Object.keys(change) as (keyof ChatFacts)[];
    if (names.every((name) => next[name] === this.#facts[name])) return;
    this.#facts = next;
    for (const listener of this.#listeners) listener();
  }

  deliver(messageId: string, delivery: Delivery | null): void {
    const { [messageId]: _, ...others } = this.#facts.delivery;
    this.set({ delivery: delivery === null ? others : { ...others, [messageId]: delivery } });
  }
}
