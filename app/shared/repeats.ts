import { type OutRecord, toOutRecord } from "#app/shared/out-record.ts";

/** More than any writer has under way at a time. */
const MOST = 5_000;

type Headers = Parameters<typeof toOutRecord>[2];

/**
 * A writer whose acknowledgement was lost with the server writes its records again: under their ids, at new places. The
 * SDK's reader passes over those within one connection; what is read over several has to remember.
 */
export class Repeats {
  readonly #places: Map<string, number>;

  /** @param known ids and places of records that have come by another way. */
  constructor(known: readonly (readonly [id: string, seq: number])[] = []) {
    this.#places = new Map(known);
  }

  /** Reads a record off the wire, as `toOutRecord` does; one that has come before says nothing. */
  read(seq: number, chunk: unknown, headers: Headers, id: string | undefined): OutRecord | null {
    const record = toOutRecord(seq, chunk, headers);
    return record && this.has(id, record.seq) ? { kind: "other", seq: record.seq } : record;
  }

  /** Whether the record has come before, from another place. The same place again is the same record. */
  has(id: string | undefined, seq: number): boolean {
    if (id === undefined) return false;
    const place = this.#places.get(id);
    if (place !== undefined) return place !== seq;
    this.#places.set(id, seq);
    const [oldest] = this.#places.keys();
    if (this.#places.size > MOST && oldest !== undefined) this.#places.delete(oldest);
    return false;
  }
}
