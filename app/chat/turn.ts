import type { UIMessageChunk } from "ai";
import type { Boundary } from "#app/shared/out-record.ts";

export type TurnOutcome = {
  /** Null when the turn failed before its boundary, or was given up. */
  boundary: Boundary | null;
  failed: boolean;
};

/**
 * The id of a message that is nobody's. The AI SDK forgets what it has read of an answer when another one starts, but a
 * run that takes over in the middle of an answer which goes on begins that one again under its own id.
 */
export const BEGUN_AGAIN = "begun-again";

/** One turn on its way to `useChat`: chunks go in as they are read, and come out of `stream` once. */
export class Turn {
  readonly stream: ReadableStream<UIMessageChunk>;
  readonly ended: Promise<TurnOutcome>;
  /** The answer came to its own end; one that was stopped or cut off does not. */
  isWhole = false;
  /** Records of it are gone before they were read: only the stored answer is all of it. */
  isTorn = false;
  #queue: UIMessageChunk[] = [];
  #answerId: string | undefined;
  #over = false;
  #dropped = false;
  #wake: (() => void) | null = null;
  #resolve!: (outcome: TurnOutcome) => void;

  constructor() {
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    this.stream = new ReadableStream<UIMessageChunk>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#dropped = true;
          this.#queue = [];
        },
      },
      { highWaterMark: 0 },
    );
  }

  push(chunk: UIMessageChunk): void {
    if (chunk.type === "start") this.isWhole = false;
    if (chunk.type === "finish") this.isWhole = true;
    if (this.#dropped || this.#over) return;
    if (chunk.type === "start") this.#start(chunk.messageId);
    this.#queue.push(chunk);
    this.#wake?.();
  }

  #start(answerId: string | undefined): void {
    const again = answerId !== undefined && answerId === this.#answerId;
    if (again) this.#queue.push({ type: "start", messageId: BEGUN_AGAIN });
    this.#answerId = answerId;
  }

  end(outcome: TurnOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#resolve(outcome);
    this.#wake?.();
  }

  async #pull(controller: ReadableStreamDefaultController<UIMessageChunk>): Promise<void> {
    if (this.#queue.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
    if (isDelta(this.#queue[0])) await untilRead();
    if (this.#dropped) return;
    const chunk = takeMerged(this.#queue);
    if (chunk) controller.enqueue(chunk);
    else if (this.#over) controller.close();
  }
}

type Delta = Extract<UIMessageChunk, { type: "text-delta" | "reasoning-delta" }>;

/** Takes the next chunk; deltas of one part that wait behind each other become one, and one update of the page. */
export function takeMerged(queue: UIMessageChunk[]): UIMessageChunk | undefined {
  const first = queue.shift();
  if (!isDelta(first)) return first;
  let delta = first.delta;
  for (let next = queue[0]; isDelta(next) && next.type === first.type; next = queue[0]) {
    if (next.id !== first.id || next.providerMetadata !== undefined) break;
    delta += next.delta;
    queue.shift();
  }
  return { ...first, delta };
}

function isDelta(chunk: UIMessageChunk | undefined): chunk is Delta {
  return chunk?.type === "text-delta" || chunk?.type === "reasoning-delta";
}

/** Until what arrived together is in the queue together. No timer: those of a hidden tab are held back. */
function untilRead(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
