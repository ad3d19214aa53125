import { z } from "zod";
import type { StreamRecord } from "#app/server/trigger-client.server.ts";
import { chatActionSchema } from "#app/shared/chat-action.ts";
import { acceptSubmitted, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { isStop, parseRecord } from "#app/shared/in-record.ts";

/** What the session's two streams say beyond the stored cursors. */
export type StreamState = {
  /** Messages that no turn has answered to its end, oldest first, with their place in `.in`. */
  pending: { seq: number; message: LongrunUIMessage }[];
  /** Sequence number of the newest unanswered record that asks for a turn; null when there is none. */
  newestInput: number | null;
  /** `.out` holds a finished answer that the stored cursor does not know. */
  ahead: boolean;
  /** The open turn has shown something already. */
  answering: boolean;
  /** Sequence number of the newest stop of what is unanswered that no run has heard yet; null when there is none. */
  stopSeq: number | null;
};

const inputSchema = z.object({
  kind: z.literal("message"),
  payload: z.looseObject({
    trigger: z.string().optional(),
    message: z.unknown().optional(),
    action: z.unknown().optional(),
  }),
});

const TURN_TRIGGERS = new Set([undefined, "submit-message", "regenerate-message", "action"]);

const headerOf = (record: StreamRecord, name: string) => record.headers?.find(([key]) => key === name)?.[1];

const isTurnEnd = (record: StreamRecord) => headerOf(record, "trigger-control") === "turn-complete";

/** Chunks of these types only open or describe a message; nothing is seen yet. */
const UNSEEN = /^(start|start-step|finish|finish-step|message-metadata|abort|data-)/;

const chunkSchema = z.object({ type: z.string() });

/** An end without a chunk before it is that of an action, of which nothing has to be stored. */
const isChunk = (record: StreamRecord) => chunkSchema.safeParse(parseRecord(record.data)).success;

function isSeen(record: StreamRecord): boolean {
  const chunk = chunkSchema.safeParse(parseRecord(record.data));
  return chunk.success && !UNSEEN.test(chunk.data.type);
}

/** Reads the records of `.in` after `lastInEventId` and of `.out` after `lastEventId`. */
export function streamState(
  stored: { lastEventId: string | null; lastInEventId: string | null },
  input: StreamRecord[],
  output: StreamRecord[],
): StreamState {
  const end = output.findLast(isTurnEnd);
  const known = Number(stored.lastEventId ?? -1);
  const answered = Math.max(
    Number(stored.lastInEventId ?? -1),
    Number((end && headerOf(end, "session-in-event-id")) ?? -1),
  );
  const open = input.filter((record) => record.seqNum > answered).flatMap(asTurn);
  return {
    pending: open.flatMap(({ seq, message }) => (message ? [{ seq, message }] : [])),
    newestInput: open.at(-1)?.seq ?? null,
    ahead: output.some(
      (record) => record.seqNum > known && record.seqNum < (end?.seqNum ?? -1) && isChunk(record),
    ),
    answering: output.some((record) => record.seqNum > (end?.seqNum ?? -1) && isSeen(record)),
    stopSeq: open[0] ? unheardStop(input, open[0].seq, end) : null,
  };
}

function unheardStop(input: StreamRecord[], first: number, end: StreamRecord | undefined): number | null {
  const heard = end ? headerOf(end, "session-in-consumed-id") : "-1";
  // An end that the engine wrote does not say.
  if (heard === undefined) return null;
  const after = Math.max(first, Number(heard));
  return input.findLast(({ seqNum, data }) => seqNum > after && isStop(data))?.seqNum ?? null;
}

function asTurn(record: StreamRecord): { seq: number; message: LongrunUIMessage | null }[] {
  const parsed = inputSchema.safeParse(parseRecord(record.data));
  if (!parsed.success || !TURN_TRIGGERS.has(parsed.data.payload.trigger)) return [];
  if (chatActionSchema.safeParse(parsed.data.payload.action).data?.type === "look") return [];
  return [{ seq: record.seqNum, message: acceptSubmitted(parsed.data.payload.message) }];
}
