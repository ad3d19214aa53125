import type { FirstRequest } from "#trigger/head-start/ask-ahead.ts";

/** A run that has not come for its answer by then has asked for itself, or never will. */
const HOLD_MS = 30_000;
/** Answers that wait for their runs at once, in all. */
const MOST = 20;

/** A request that was sent to a model, and its answer, which nobody has read yet. */
export type Sent = FirstRequest & { sentAt: number; answer: Promise<Response>; abort: () => void };

type Held = { userId: string; sent: Promise<Sent | null>; timer: NodeJS.Timeout };

/**
 * Requests that were sent ahead, until their runs take them over. One a person: limits are counted by the run, and who
 * has reached one may have had this one answer begun, and no more.
 */
export class HeldRequests {
  readonly #held = new Map<string, Held>();

  hasRoomFor(userId: string): boolean {
    if (this.#held.size >= MOST) return false;
    return [...this.#held.values()].every((held) => held.userId !== userId);
  }

  /** Sends what `find` finds. What it rejects with is passed on by `take` as nothing. */
  hold(id: string, userId: string, find: Promise<FirstRequest | null>): void {
    const sent = find.then((request) => request && send(request)).catch(() => null);
    const timer = setTimeout(() => void this.drop(id), HOLD_MS).unref();
    this.#held.set(id, { userId, sent, timer });
  }

  /** To whoever asks first, once. */
  async take(id: string): Promise<Sent | null> {
    const held = this.#held.get(id);
    if (!held) return null;
    clearTimeout(held.timer);
    this.#held.delete(id);
    return held.sent;
  }

  /** Nobody will come for it. */
  async drop(id: string): Promise<void> {
    await discard(await this.take(id));
  }
}

function send(request: FirstRequest): Sent {
  const { signal, abort } = aborting();
  const answer = fetch(request.url, { ...request.init, signal });
  // Whoever takes it over is told; nobody may.
  answer.catch(() => undefined);
  return { ...request, sentAt: performance.now(), answer, abort };
}

function aborting(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** Ends a request whose answer nobody gets. */
export async function discard(sent: Sent | null): Promise<void> {
  sent?.abort();
  await sent?.bill();
}
