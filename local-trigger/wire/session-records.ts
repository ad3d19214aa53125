import { z } from "zod";
import type { NewRecord, StreamRecord } from "./records.ts";

const controlHeader = "trigger-control";
export const inEventIdHeader = "session-in-event-id";
/** Of a turn's end: a token that the page goes on with. */
export const tokenHeader = "public-access-token";
export const turnCompleteHeader: [string, string] = [controlHeader, "turn-complete"];

const envelope = z.object({ data: z.unknown(), id: z.string().default("") });
const input = z.looseObject({ kind: z.string(), payload: z.looseObject({}).optional() });

/** A record as the runtime writes it: the posted text (or a chunk) under `data`; `id` is what readers drop repeats by. */
export function envelopeBody(data: unknown, id: string): string {
  return JSON.stringify({ data, id });
}

/** S2 commands (trim) have one header with an empty name; readers skip them. */
export function isCommand(record: StreamRecord): boolean {
  return record.headers[0]?.[0] === "";
}

export function isTurnComplete(record: StreamRecord): boolean {
  return headerOf(record, controlHeader) === "turn-complete";
}

/** What `chat.close()` writes behind its turn. */
export function isSessionClosed(record: StreamRecord): boolean {
  return headerOf(record, controlHeader) === "session-closed";
}

export function headerOf(record: StreamRecord, name: string): string | undefined {
  return record.headers.find(([key]) => key === name)?.[1];
}

/** The headers for whoever may read the stream but not write to its session: the token would let them. */
export function headersForReaders({ headers }: StreamRecord): [string, string][] {
  return headers.filter(([name]) => name !== tokenHeader);
}

/** `data` and `id` of a record's envelope; empty strings for control records and for bodies of another form. */
export function openEnvelope(record: StreamRecord): { data: unknown; id: string } {
  const parsed = envelope.safeParse(parseJson(record.body));
  return parsed.success ? parsed.data : { data: "", id: "" };
}

/** A record of `.in` that asks for a turn: kind "message", and not the wish to close. */
export function asksForTurn(record: StreamRecord): boolean {
  const { data } = openEnvelope(record);
  const parsed = input.safeParse(typeof data === "string" ? parseJson(data) : data);
  return parsed.success && parsed.data.kind === "message" && parsed.data.payload?.["trigger"] !== "close";
}

/** The end of a turn, as the server writes it for a run that cannot. `inputSeq`: the `.in` record that it answers, null when there is none. */
export function turnComplete(inputSeq: number | null): NewRecord {
  const headers: [string, string][] = [turnCompleteHeader];
  if (inputSeq !== null) headers.push([inEventIdHeader, String(inputSeq)]);
  return { body: "", headers };
}

export function errorChunk(errorText: string, id: string): NewRecord {
  return { body: envelopeBody({ type: "error", errorText }, id) };
}

/** What wakes an idle run so that it notices that its session was closed. */
export function closeInput(chatId: string, id: string): NewRecord {
  return {
    body: envelopeBody(JSON.stringify({ kind: "message", payload: { chatId, trigger: "close" } }), id),
  };
}

/** Clients may not pass their input off as a webhook's: the field is taken out. Text that is no such input stays as it is, byte for byte. */
export function withoutWebhookSource(text: string): string {
  if (!text.includes("actionSource")) return text;
  const parsed = input.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.payload?.["actionSource"] !== "webhook") return text;
  const { actionSource: _, ...payload } = parsed.data.payload;
  return JSON.stringify({ ...parsed.data, payload });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
