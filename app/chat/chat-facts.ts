import type { Connection } from "#app/chat/turn-follower.ts";
import type { ToolAnswers } from "#app/shared/tool-answers.ts";

/** What became of a message of this tab that the server has not acknowledged yet. */
export type Delivery = "sending" | "failed";

/** Why a message is not on the server, in a sentence that may be shown. `signIn`: because nobody is signed in. */
export type Undelivered = { why: string; signIn: boolean };

/** What the page shows of a chat besides its messages and status. */
export type ChatFacts = {
  connection: Connection;
  /** By message id; a message that is not in it is safe on the server. */
  delivery: Readonly<Record<string, Delivery>>;
  /** Of each message that has failed. */
  undelivered: Readonly<Record<string, Undelivered>>;
  /** Messages that are stored and wait behind the one that is answered, in their order. */
  waiting: readonly string[];
  /** A stop was asked for, and the turn has not ended yet. */
  stopping: boolean;
  /** The last stop that was asked for could not be sent. */
  stopFailed: boolean;
  /** Set once the session is closed for good (deleted, or ended by the agent): nothing more can be sent. */
  closed: { reason: string | null } | null;
  /** Older messages come before the first that is shown. */
  earlier: boolean;
  /** What this page has decided about calls of which several wait; kept by the server, and not sent before the last. */
  kept: { messageId: string; answers: ToolAnswers } | null;
};

const AT_FIRST: ChatFacts = {
  connection: "live",
  delivery: {},
  undelivered: {},
  waiting: [],
  stopping: false,
  stopFailed: false,
  closed: null,
  earlier: false,
  kept: null,
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

  deliver(messageId: string, delivery: "sending" | null): void {
    const { delivery: before, undelivered } = this.#facts;
    this.set({
      delivery: entry(before, messageId, delivery),
      undelivered: entry(undelivered, messageId, null),
    });
  }

  fail(messageId: string, why: Undelivered): void {
    const { delivery, undelivered } = this.#facts;
    this.set({
      delivery: { ...delivery, [messageId]: "failed" },
      undelivered: { ...undelivered, [messageId]: why },
    });
  }
}

/** The record with this entry, or without it; the same one where nothing changes. */
function entry<T>(
  all: Readonly<Record<string, T>>,
  id: string,
  value: T | null,
): Readonly<Record<string, T>> {
  if (value !== null) return { ...all, [id]: value };
  if (!(id in all)) return all;
  const { [id]: _, ...others } = all;
  return others;
}
