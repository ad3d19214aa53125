import { setTimeout as sleep } from "node:timers/promises";
import { apiClientManager, controlSubtype, headerValue } from "@trigger.dev/core/v3";
import { CallReader, type OpenCall } from "#trigger/open-calls.ts";
import { retry } from "#trigger/retry.ts";

/** How the session's `.out` ends, as far as the database may not know it yet. */
export type StreamTail = {
  /** The newest turn-complete: its sequence number, and that of the last `.in` record it answered. */
  boundary: { seqNum: number; inEventId: number | null } | null;
  /** Ids of the messages that were streamed after the stored cursor and up to the boundary. */
  settledIds: string[];
  /** Whether a turn has written past the boundary and not ended. */
  openTurn: boolean;
  /** The tool calls of that turn. */
  calls: OpenCall[];
};

function startedId(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  const chunk = data as { type?: unknown; messageId?: unknown };
  return chunk.type === "start" && typeof chunk.messageId === "string" ? chunk.messageId : null;
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
  const tail: StreamTail = { boundary: null, settledIds: [], openTurn: false, calls: [] };
  const calls = new CallReader();
  let open: string[] = [];
  for (const record of records) {
    if (controlSubtype(record.headers) === "turn-complete") {
      const inEventId = Number.parseInt(headerValue(record.headers, "session-in-event-id") ?? "", 10);
      tail.boundary = { seqNum: record.seqNum, inEventId: Number.isFinite(inEventId) ? inEventId : null };
      tail.settledIds.push(...open);
      tail.openTurn = false;
      open = [];
      calls.take();
    } else if (record.seqNum > stored && record.data) {
      tail.openTurn = true;
      calls.read(record.data);
      const id = startedId(record.data);
      if (id) open.push(id);
    }
  }
  tail.calls = calls.take();
  return tail;
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
