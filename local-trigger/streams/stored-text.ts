import type { NewRecord, StreamRecord } from "../wire/records.ts";

/** Text as Postgres keeps it: without U+0000, and lone surrogates as the replacement character. */
export function storedText(text: string): string {
  const whole = /\p{Surrogate}/u.test(text) ? Buffer.from(text).toString() : text;
  return whole.includes("\u0000") ? whole.replaceAll("\u0000", "\ufffd") : whole;
}

export function storedHeaders(headers: [string, string][] = []): [string, string][] {
  return headers.map(([name, value]) => [storedText(name), storedText(value)]);
}

/** The records as a later read gives them. */
export function storedRecords(records: NewRecord[], first: number, timestamp: number): StreamRecord[] {
  return records.map(({ body, headers }, index) => ({
    seqNum: first + index,
    timestamp,
    body: storedText(body),
    headers: storedHeaders(headers),
  }));
}
