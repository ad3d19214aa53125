import type { UIMessage } from "ai";
import type { Awaited } from "#app/chat/input-ledger.ts";
import { BEGUN_AGAIN } from "#app/chat/turn.ts";
import { closeParts, type Place, placeAnswer, replaceById } from "#app/chat/message-order.ts";
import type { Boundary } from "#app/shared/out-record.ts";
import { saysSomething } from "#app/shared/chat-message.ts";

/** The turn that is being written into the page, and the messages that it made there. */
export class ActiveTurn<M extends UIMessage> {
  /** `submitted` until the first part. */
  status: "submitted" | "streaming" = "submitted";
  /** Its messages in the page, oldest first: more than one only when a run took over after a crash. */
  readonly made: string[];
  /** Of these the ones that the turn itself has put there. */
  readonly #added = new Set<string>();
  /** Of these the partial answers that stay, each with a message of its own that it answers. */
  readonly #kept = new Map<string, string | null>();
  /** A run took over and writes the answer again from where it went on: what is shown may be more than will come. */
  isBegunAgain = false;
  answers: string | null;
  readonly foreign: boolean;
  /** What was unanswered and next when the turn began. */
  readonly #expected: Awaited | undefined;

  /** `begun`: what the page holds of a turn that it has given up; the next one is that turn, taken over. */
  constructor(next: Awaited | undefined, begun: readonly string[] = []) {
    this.made = [...begun];
    this.answers = next?.messageId ?? null;
    this.foreign = !next?.own;
    this.#expected = next;
  }

  /** The partial answers of dead runs that stay. */
  get keptIds(): string[] {
    return [...this.#kept.keys()];
  }

  /** What this turn answers, by what is unanswered now. */
  reconsider(unanswered: readonly Awaited[]): void {
    this.answers = unanswered[this.#kept.size]?.messageId ?? this.answers;
  }

  /**
   * The list with a new message of this turn. A second one means that the run died and another took over: with one
   * unanswered message it answers that anew, and the dead run's partial goes; with more it keeps the partial as the
   * answer to the first and goes on with the next.
   */
  add(list: M[], message: M, unanswered: readonly Awaited[]): M[] {
    if (message.id === BEGUN_AGAIN) {
      this.isBegunAgain = true;
      return list;
    }
    const orphan = list.find((other) => other.id === this.made.at(-1));
    this.#note(message.id);
    this.#added.add(message.id);
    if (orphan && !this.#keeps(orphan, unanswered)) return replaceById(list, orphan.id, message);
    return placeAnswer(list, message, this.placeOf(message.id));
  }

  /**
   * The list with a message of this turn that stood in it before the turn was read. What the turn has put there of a
   * run that died before that goes, as in `add`.
   */
  takeUp(list: M[], messageId: string, unanswered: readonly Awaited[]): M[] {
    if (this.made.includes(messageId)) return list;
    const orphan = list.find((other) => other.id === this.made.at(-1) && this.#added.has(other.id));
    this.#note(messageId);
    if (!orphan || this.#keeps(orphan, unanswered)) return list;
    return list.filter((other) => other.id !== orphan.id);
  }

  #note(messageId: string): void {
    if (!this.made.includes(messageId)) this.made.push(messageId);
  }

  #keeps(orphan: M, unanswered: readonly Awaited[]): boolean {
    const next = unanswered[this.#kept.size + 1];
    if (!next || !saysSomething(orphan)) return false;
    this.#kept.set(orphan.id, this.answers);
    this.answers = next.messageId;
    return true;
  }

  /** Another tab's message was answered, though the page knew of one of its own only. */
  answeredEarlierThanExpected(boundary: Boundary | null): boolean {
    const consumed = boundary?.consumed ?? null;
    const expected = this.#expected?.seq ?? null;
    return consumed !== null && expected !== null && consumed < expected;
  }

  /** The list after the turn's end, by what is unanswered now. `cutOff`: it did not come to its own end. */
  close(list: M[], waiting: readonly Awaited[], cutOff: boolean): M[] {
    const answer = list.find((message) => message.id === this.made.at(-1));
    const stillWaits = waiting.some((entry) => entry.messageId === this.answers);
    if (!answer || this.answers === null || !stillWaits) return this.#closeParts(list, cutOff);
    // What it was taken to answer is unanswered: the partials before it were orphans, or another tab's message was
    // answered, of which the page does not know yet.
    const [first = null] = this.#kept.values();
    const others = list.filter((message) => !this.#kept.has(message.id));
    const before = first === null ? this.answers : null;
    this.#kept.clear();
    this.answers = first;
    return this.#closeParts(placeAnswer(others, answer, { after: first, before }), cutOff);
  }

  #closeParts(list: M[], cutOff: boolean): M[] {
    return list.map((message) => {
      if (!this.made.includes(message.id)) return message;
      return closeParts(message, cutOff || this.#kept.has(message.id));
    });
  }

  placeOf(messageId: string): Place {
    return { after: this.#kept.get(messageId) ?? this.answers, before: null };
  }
}
