import { z } from "zod";
import type { AppendResult, NewRecord } from "./records.ts";
import { bytesField, bytesOf, MalformedMessage, readFields, varintField, type Field } from "./protobuf.ts";

/** One append of the S2 data plane. `conditional`: it asks for match_seq_num or a fencing token, which this server does not serve. */
export type AppendInput = { records: NewRecord[]; conditional: boolean };

const maxBatchRecords = 1000;
const maxBatchBytes = 1024 * 1024;
const utf8 = new TextDecoder();

const jsonInput = z.object({
  records: z.array(
    z.object({
      body: z.string().default(""),
      headers: z
        .array(z.tuple([z.string(), z.string()]))
        .nullish()
        .transform((headers) => headers ?? []),
    }),
  ),
  match_seq_num: z.number().nullish(),
  fencing_token: z.string().nullish(),
});

/** Thrown for a batch over S2's limits: 1000 records, 1 MiB metered. */
export class BatchTooLarge extends Error {
  constructor() {
    super(`A batch holds at most ${maxBatchRecords} records and ${maxBatchBytes} metered bytes.`);
    this.name = "BatchTooLarge";
  }
}

/** Reads the JSON encoding; with `base64` (header s2-format) names, values and bodies are base64. Throws MalformedMessage, BatchTooLarge. */
export function parseJsonInput(text: string, base64: boolean): AppendInput {
  const parsed = jsonInput.safeParse(parse(text));
  if (!parsed.success) throw new MalformedMessage("the JSON is not an append");
  const bytes = (value: string) => Buffer.from(value, base64 ? "base64" : "utf8");
  const records = parsed.data.records.map((record) =>
    toRecord(
      record.headers.map(([name, value]) => [bytes(name), bytes(value)] as const),
      bytes(record.body),
    ),
  );
  const conditional = parsed.data.match_seq_num != null || parsed.data.fencing_token != null;
  return checked({ records, conditional });
}

/** Reads the protobuf encoding (AppendInput). Throws MalformedMessage, BatchTooLarge. */
export function decodeAppendInput(message: Uint8Array): AppendInput {
  const records: NewRecord[] = [];
  let conditional = false;
  for (const field of readFields(message)) {
    if (field.number === 1) records.push(decodeRecord(bytesOf(field)));
    else if (field.number === 2 || field.number === 3) conditional = true;
  }
  return checked({ records, conditional });
}

/** The protobuf AppendAck; `tail`, where the stream has grown beyond this append. */
export function encodeAppendAck(
  result: Pick<AppendResult, "first" | "next" | "timestamp"> & { tail?: number },
): Buffer {
  const position = (sequence: number) =>
    Buffer.concat([
      sequence > 0 ? varintField(1, sequence) : Buffer.alloc(0),
      varintField(2, result.timestamp),
    ]);
  const end = position(result.next);
  return Buffer.concat([
    bytesField(1, position(result.first)),
    bytesField(2, end),
    bytesField(3, position(result.tail ?? result.next)),
  ]);
}

/** The JSON AppendAck. */
export function appendAckJson(result: AppendResult) {
  const position = (sequence: number) => ({ seq_num: sequence, timestamp: result.timestamp });
  return { start: position(result.first), end: position(result.next), tail: position(result.next) };
}

function decodeRecord(message: Uint8Array): NewRecord {
  const headers: (readonly [Uint8Array, Uint8Array])[] = [];
  let body: Uint8Array = new Uint8Array();
  for (const field of readFields(message)) {
    if (field.number === 2) headers.push(decodeHeader(field));
    else if (field.number === 3) body = bytesOf(field);
  }
  return toRecord(headers, body);
}

function decodeHeader(field: Field): readonly [Uint8Array, Uint8Array] {
  let name: Uint8Array = new Uint8Array();
  let value: Uint8Array = new Uint8Array();
  for (const part of readFields(bytesOf(field))) {
    if (part.number === 1) name = bytesOf(part);
    else if (part.number === 2) value = bytesOf(part);
  }
  return [name, value];
}

function toRecord(headers: (readonly [Uint8Array, Uint8Array])[], body: Uint8Array): NewRecord {
  const texts = headers.map(([name, value]): [string, string] => [utf8.decode(name), utf8.decode(value)]);
  if (texts[0]?.[0] !== "") return { headers: texts, body: utf8.decode(body) };
  // A command. Its body is binary, so it is read here and not stored.
  if (texts[0][1] !== "trim" || body.length !== 8) {
    throw new MalformedMessage("the only command known here is trim, with a body of 8 bytes");
  }
  return { headers: texts, body: "", trimTo: trimPoint(body) };
}

function trimPoint(body: Uint8Array): number {
  const point = Buffer.from(body).readBigUInt64BE(0);
  return Number(point > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : point);
}

function checked(input: AppendInput): AppendInput {
  if (input.records.length === 0) throw new MalformedMessage("there is no record");
  const metered = input.records.reduce((sum, record) => sum + meteredBytes(record), 0);
  if (input.records.length > maxBatchRecords || metered > maxBatchBytes) throw new BatchTooLarge();
  return input;
}

// S2's own measure: 8 bytes a record, 2 a header, and the bytes of names, values and body.
function meteredBytes(record: NewRecord): number {
  const headers = (record.headers ?? []).reduce(
    (sum, [name, value]) => sum + 2 + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  return 8 + headers + Buffer.byteLength(record.body);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
