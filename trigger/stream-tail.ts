import { setTimeout as sleep } from "node:timers/promises";
import { apiClientManager, controlSubtype, headerValue } from "@trigger.dev/core/v3";
import type { UIMessageChunk } from "ai";
import { CallReader, type OpenCall } from "#trigger/open-calls.ts";
import { retry } from "#trigger/retry.ts";

/** How the session's `.out` ends, as far as the database may not know it yet. */
export type StreamTail = {
  /**
   * The newest turn-complete: its sequence number, that of the last `.in` record it answered, and that of the last one
   * which its run had heard, some of which may still wait.
   */
  boundary: { seqNum: number; inEventId: number | null; heardEventId: number | null } | null;
  /** Ids of the messages that were streamed after the stored cursor and up to the boundary. */
  settledIds: string[];
  /**
   * Ids of the answers that lost runs had begun in those turns, before the one that each ended with: they count for
   * nothing, unless they were stored as a partial that stays.
   */
  replacedIds: string[];
  /** Whether a turn has written past the boundary and not ended. */
  openTurn: boolean;
  /** Ids of the answers that were begun in that turn: more than one when more than one run was lost in it. */
  openIds: string[];
  /** The newest of them, when it came to its last word: the runtime takes it, and ends its turn without another. */
  finishedId: string | null;
  /** The answers that came to their last word after the stored cursor, each as its turn has written it. */
  finished: LostAnswer[];
  /** The tool calls of that turn. */
  calls: OpenCall[];
  /** The answer that it had begun last. */
  lost: LostAnswer | null;
};

export type LostAnswer = { messageId: string; chunks: UIMessageChunk[] };

const isFinish = (data: unknown): boolean =>
  typeof data === "object" && data !== null && (data as { type?: unknown }).type === "finish";

function startedId(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  const chunk = data as { type?: unknown; messageId?: unknown };
  return chunk.type === "start" && typeof chunk.messageId === "string" ? chunk.messageId : null;
}

/** What an open turn has written of its newest answer. */
class LostReader {
  #answer: LostAnswer | null = null;
  #before: LostAnswer | null = null;

  read(data: unknown): void {
    const messageId = startedId(data);
    if (messageId !== null) {
      this.#before = this.get();
      this.#answer = { messageId, chunks: [] };
    }
    this.#answer?.chunks.push(data as UIMessageChunk);
  }

  /** Of an answer that was written twice under its id the one that got further. */
  get(): LostAnswer | null {
    const [answer, before] = [this.#answer, this.#before];
    const isSame = answer !== null && before?.messageId === answer.messageId;
    return isSame && before.chunks.length > answer.chunks.length ? before : answer;
  }
}

function numberIn(headers: Parameters<typeof headerValue>[0], name: string): number | null {
  const value = Number.parseInt(headerValue(headers, name) ?? "", 10);
  return Number.isFinite(value) ? value : null;
}

/**
 * Reads `.out` from the stored cursor's own record on, so that a boundary which is stored already is seen too.
 * Throws when the Trigger API cannot be read.
 */
export async function readStreamTail(chatId: string, lastEventId: string | undefined): Promise<StreamTail> {
  const stored = lastEventId === undefined ? -1 : Number(lastEventId);
  const { records } = await apiClientManager
    .clientOrThrow()
    .readSessionStreamRecords(chatId, "out", stored > 0 ? { afterEventId: String(stored - 1) } : {});
  const tail: StreamTail = {
    boundary: null,
    settledIds: [],
    replacedIds: [],
    openTurn: false,
    openIds: [],
    finishedId: null,
    finished: [],
    calls: [],
    lost: null,
  };
  const calls = new CallReader();
  let lost = new LostReader();
  for (const record of records) {
    if (controlSubtype(record.headers) === "turn-complete") {
      const inEventId = numberIn(record.headers, "session-in-event-id");
      const heardEventId = numberIn(record.headers, "session-in-consumed-id") ?? inEventId;
      tail.boundary = { seqNum: record.seqNum, inEventId, heardEventId };
      const begun = tail.openIds.splice(0);
      const answer = begun.at(-1);
      if (answer !== undefined) tail.settledIds.push(answer);
      tail.replacedIds.push(...begun.filter((id) => id !== answer));
      tail.openTurn = false;
      tail.finishedId = null;
      calls.take();
      lost = new LostReader();
    } else if (record.seqNum > stored && record.data) {
      tail.openTurn = true;
      calls.read(record.data);
      lost.read(record.data);
      const id = startedId(record.data);
      if (id) {
        tail.openIds.push(id);
        tail.finishedId = null;
      }
      if (isFinish(record.data)) {
        tail.finishedId = tail.openIds.at(-1) ?? null;
        const answer = lost.get();
        if (answer) tail.finished.push(answer);
      }
    }
  }
  tail.calls = calls.take();
  tail.lost = lost.get();
  return tail;
}

/** The answers that were begun and count for nothing: the runtime takes all of them but the newest for whole. */
export function begunOnly(tail: StreamTail | null): Set<string> {
  const begun = new Set([...(tail?.openIds ?? []), ...(tail?.replacedIds ?? [])]);
  if (tail?.finishedId) begun.delete(tail.finishedId);
  return begun;
}

const LOOK_AGAIN_MS = 10;
const KEPT_MS = 20_000;

async function recordsAfter(chatId: string, seqNum: number | null) {
  const options = seqNum === null ? {} : { afterEventId: String(seqNum) };
  const client = apiClientManager.clientOrThrow();
  return (await client.readSessionStreamRecords(chatId, "out", options)).records;
}

/** Resolves when the call can be read from `.out`, and no crash can hide it any more. Throws when it does not come. */
export async function callIsKept(chatId: string, toolCallId: string): Promise<void> {
  let from: number | null = null;
  const deadline = performance.now() + KEPT_MS;
  for (;;) {
    const records = await retry(() => recordsAfter(chatId, from));
    const calls = new CallReader();
    for (const record of records) calls.read(record.data);
    if (calls.take().some((call) => call.toolCallId === toolCallId)) return;
    if (performance.now() > deadline)
      throw new Error("The call could not be kept, so it was not run. Try again.");
    from = records.at(-1)?.seqNum ?? from;
    await sleep(LOOK_AGAIN_MS);
  }
}
