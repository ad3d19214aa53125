import { readUIMessageStream, type UIMessageChunk } from "ai";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
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
};

/** Chunks of one turn's last answer; a `start` begins another. */
class Reading {
  chunks: UIMessageChunk[] = [];
  restarted = false;

  take(chunk: UIMessageChunk): void {
    if (chunk.type === "start") {
      this.restarted ||= this.chunks.length > 0;
      this.chunks = [];
    }
    this.chunks.push(chunk);
  }
}

/** Makes the answers out of the records of `.out`, exactly as a page that reads them makes them. */
export async function foldAnswers(records: readonly OutRecord[]): Promise<FoldedAnswers> {
  const splitter = new TurnSplitter();
  const endedTurns: Reading[] = [];
  let open: Reading | null = null;
  for (const record of records) {
    for (const event of splitter.read(record)) {
      if (event.type === "open") open ??= new Reading();
      else if (event.type === "chunk") open?.take(event.chunk);
      else if (event.type === "end" || event.type === "boundary") {
        if (open) endedTurns.push(open);
        open = null;
      }
    }
  }
  const ended = await Promise.all(endedTurns.map((turn) => messageOf(compactChunks(turn.chunks))));
  return {
    ended: ended.filter((message) => message !== null),
    open: open && (await openAnswer(open, records)),
    restarted: open?.restarted ?? false,
  };
}

async function openAnswer(
  { chunks }: Reading,
  records: readonly OutRecord[],
): Promise<FoldedAnswers["open"]> {
  const compact = compactChunks(chunks);
  const answer = await messageOf(compact);
  if (!answer) return null;
  const cursor = String(records.at(-1)?.seq ?? 0);
  return { answer, turn: { cursor, messageId: answer.id, outline: outlineOf(compact) } };
}

/** Null where nothing names the message: it could not be found again. */
async function messageOf(chunks: UIMessageChunk[]): Promise<LongrunUIMessage | null> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  let last: LongrunUIMessage | null = null;
  // What an error chunk says stands in the message, too.
  const versions = readUIMessageStream<LongrunUIMessage>({ stream, onError: () => undefined });
  for await (const version of versions) last = version;
  return last && last.id !== "" ? last : null;
}
