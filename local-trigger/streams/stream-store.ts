import type { Tx } from "../database.ts";
import type { AppendResult, NewRecord, StreamRecord } from "../wire/records.ts";
import type { TailPage } from "./tails.ts";

export type { AppendResult, NewRecord, StreamRecord } from "../wire/records.ts";

/** `first` = oldest record that can be read (`next` when there is none), `next` = number of the next record, `timestamp` = of the newest record ever. */
export type StreamBounds = { first: number; next: number; timestamp: number };

/** Thrown by `append` to a stream that was removed: it never comes back. */
export class StreamRemoved extends Error {
  constructor() {
    super("This stream was deleted.");
    this.name = "StreamRemoved";
  }
}

/**
 * Append-only logs. Appends to one stream are serialised and gapless, also across restarts; nothing is answered before it is committed.
 * Inside a transaction pass `tx`, so that no second connection is needed.
 */
export interface StreamStore {
  /**
   * Appends all records or none. A repeated `partId` stores nothing and answers the first number again (`duplicate`).
   * A trim is remembered at once and takes effect after some seconds; numbers go on counting. Throws StreamRemoved.
   */
  append(stream: string, records: NewRecord[], options?: { tx?: Tx; partId?: string }): Promise<AppendResult>;
  /** Records from number `from` upwards, oldest first; the first one always, then as long as `limit` and `maxBytes` allow. */
  read(
    stream: string,
    options: { from: number; limit?: number; maxBytes?: number; tx?: Tx },
  ): Promise<StreamRecord[]>;
  /** `read` and `bounds` of the same instant. */
  page(
    stream: string,
    options: { from: number; limit?: number; maxBytes?: number; tx?: Tx },
  ): Promise<{ records: StreamRecord[]; bounds: StreamBounds }>;
  bounds(stream: string, options?: { tx?: Tx }): Promise<StreamBounds>;
  /** The newest `count` records, oldest first. */
  lastRecords(stream: string, count: number, options?: { tx?: Tx }): Promise<StreamRecord[]>;
  /** The newest readable record that carries this header, or null. */
  lastWithHeader(
    stream: string,
    header: [string, string],
    options?: { tx?: Tx },
  ): Promise<StreamRecord | null>;
  /** Calls `wake` after the commit of every append, until the returned function is called. */
  watch(stream: string, wake: () => void): () => void;
  /**
   * What a watched stream holds from `from` up to its end, when memory has all of it; null otherwise. The same object for all
   * who ask from the same number.
   */
  tail(stream: string, from: number): TailPage | null;
  /** Tells that other statements than `remove` and trims have deleted records or streams, after their commit. */
  deleted(): void;
  /** Tells of records that another statement than `append` has appended, after its commit. */
  appended(stream: string, result: AppendResult, records: NewRecord[]): void;
  /** Deletes every stream whose name begins with `prefix` (`sessions/<key>/` or `runs/<id>/`), for good: later appends throw StreamRemoved. */
  remove(prefix: string, tx?: Tx): Promise<void>;
}
