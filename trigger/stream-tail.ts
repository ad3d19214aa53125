import { apiClientManager, controlSubtype, headerValue } from "@trigger.dev/core/v3";

/** How the session's `.out` ends, as far as the database may not know it yet. */
export type StreamTail = {
  /** The newest turn-complete: its sequence number, and that of the last `.in` record it answered. */
  boundary: { seqNum: number; inEventId: number | null } | null;
  /** Ids of the messages that were streamed after the stored cursor and up to the boundary. */
  settledIds: string[];
  /** Whether a turn has written past the boundary and not ended. */
  openTurn: boolean;
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
  const tail: StreamTail = { boundary: null, settledIds: [], openTurn: false };
  let open: string[] = [];
  for (const record of records) {
    if (controlSubtype(record.headers) === "turn-complete") {
      const inEventId = Number.parseInt(headerValue(record.headers, "session-in-event-id") ?? "", 10);
      tail.boundary = { seqNum: record.seqNum, inEventId: Number.isFinite(inEventId) ? inEventId : null };
      tail.settledIds.push(...open);
      tail.openTurn = false;
      open = [];
    } else if (record.seqNum > stored && record.data) {
      tail.openTurn = true;
      const id = startedId(record.data);
      if (id) open.push(id);
    }
  }
  return tail;
}
