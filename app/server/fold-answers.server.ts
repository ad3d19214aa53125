import type { UIMessageChunk } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { foldAnswer } from "#app/shared/fold-answer.ts";
import { compactChunks, outlineOf, type OpenTurn } from "#app/shared/open-turn.ts";
import type { OutRecord } from "#app/shared/out-record.ts";
import { TurnSplitter } from "#app/shared/turn-splitter.ts";

export type FoldedAnswers = {
  /** Answers of turns that have ended, oldest first. */
  ended: LongrunUIMessage[];
  /** The answer of the open turn as far as it has got; null when no turn is open, or has begun none. */
  open: { answer: LongrunUIMessage; turn: OpenTurn } | null;
  /** In the open turn a run took over from one that died: what the first had written is not part of it. */
  restarted: boolean;
  /** Why the newest of them has ended without its answer, where nothing in that answer says so. */
  failure: string | null;
};

/** Chunks of one turn's last answer; a `start` begins another. */
class Reading {
  chunks: UIMessageChunk[] = [];
  restarted = false;
  failure: string | null = null;
  #says = false;

  take(chunk: UIMessageChunk): void {
    if (chunk.type === "start") {
      this.restarted ||= this.chunks.length > 0;
      this.chunks = [];
      this.failure = null;
      this.#says = false;
    }
    if (chunk.type === "data-error") this.#says = true;
    if (chunk.type === "error" && !this.#says) this.failure = chunk.errorText;
    this.chunks.push(chunk);
  }

  compact(): UIMessageChunk[] {
    this.chunks = compactChunks(this.chunks);
    return this.chunks;
  }
}

/** Makes answers out of the records of `.out`, exactly as a page that reads them makes them. */
export class AnswerFold {
  readonly #splitter = new TurnSplitter();
  readonly #ended: Reading[] = [];
  #open: Reading | null = null;
  #cursor = 0;

  take(record: OutRecord): void {
    this.#cursor = record.seq;
    for (const event of this.#splitter.read(record)) {
      if (event.type === "open") this.#open ??= new Reading();
      else if (event.type === "chunk") this.#open?.take(event.chunk);
      else if (event.type === "end" || event.type === "boundary") {
        if (this.#open) this.#ended.push(this.#open);
        this.#open = null;
      }
    }
  }

  async answers(): Promise<FoldedAnswers> {
    const ended = await Promise.all(this.#ended.map((turn) => foldAnswer(turn.compact())));
    return {
      ended: ended.filter((message) => message !== null),
      open: this.#open && (await this.#openAnswer(this.#open)),
      restarted: this.#open?.restarted ?? false,
      failure: this.#ended.at(-1)?.failure ?? null,
    };
  }

  async #openAnswer(open: Reading): Promise<FoldedAnswers["open"]> {
    const compact = open.compact();
    const answer = await foldAnswer(compact);
    if (!answer) return null;
    const turn = { cursor: String(this.#cursor), messageId: answer.id, outline: outlineOf(compact) };
    return { answer, turn };
  }
}

/** The answers of these records; see `AnswerFold`. */
export function foldAnswers(records: readonly OutRecord[]): Promise<FoldedAnswers> {
  const fold = new AnswerFold();
  for (const record of records) fold.take(record);
  return fold.answers();
}
