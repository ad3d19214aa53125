import type { UIMessage } from "ai";
import { mergeHistory, type Place } from "#app/chat/message-order.ts";

export type Unsaved<M extends UIMessage> = {
  /** Being sent, failed, or waiting for its answer. */
  isWaiting: (message: M) => boolean;
  /** Part of the turn that is being written. */
  isWriting: (message: M) => boolean;
  /** For what the history itself cannot place. */
  placeOf: (answer: M) => Place;
};

/** What one page knows about its messages, to take in a newer history from the loader without losing its own. */
export class PageHistory<M extends UIMessage> {
  /** Where on `.out` the turn of a message ended; a loader that has read further than that knows it. */
  #settledAt = new Map<string, number>();
  #answers = new Map<string, string>();
  /** Replaced by this page, though a history that is on its way may still hold them. */
  #dropped = new Set<string>();

  constructor(
    private loaded: M[],
    private loadedAt: number,
  ) {}

  /** The message's turn ended at `seq`. */
  settle(messageId: string, seq: number, answers: string | null): void {
    this.#settledAt.set(messageId, seq);
    if (answers !== null) this.#answers.set(messageId, answers);
  }

  drop(messageIds: string[], dropped: boolean): void {
    for (const id of messageIds) {
      if (dropped) this.#dropped.add(id);
      else this.#dropped.delete(id);
    }
  }

  /** The server's history is without them by now, unless one goes back to them. */
  forgetDropped(): void {
    this.#dropped.clear();
  }

  /** The page was made from these very messages. */
  isLoaded(stored: M[]): boolean {
    return stored === this.loaded;
  }

  /**
   * The messages of the page after the loader has read the history up to `cursor`: all of it, or its end when
   * `earlier` says so. Of a message the older ones are always the same, so those that are shown before it stay.
   */
  takeIn(
    live: M[],
    { stored, earlier }: { stored: M[]; earlier: boolean },
    cursor: number,
    unsaved: Unsaved<M>,
  ): M[] {
    const { loadedAt } = this;
    this.loaded = stored;
    this.loadedAt = Math.max(loadedAt, cursor);
    const joint = earlier ? live.findIndex(({ id }) => id === stored[0]?.id) : -1;
    const older = live.slice(0, Math.max(joint, 0));
    const merged = mergeHistory({
      live: live.slice(older.length),
      stored: stored.filter((message) => !this.#dropped.has(message.id)),
      isWriting: unsaved.isWriting,
      isNewer: (message) =>
        unsaved.isWaiting(message) ||
        unsaved.isWriting(message) ||
        (this.#settledAt.get(message.id) ?? loadedAt) > cursor,
      placeOf: (answer) => {
        const after = this.#answers.get(answer.id);
        return after === undefined ? unsaved.placeOf(answer) : { after, before: null };
      },
    });
    return [...older, ...merged];
  }
}
