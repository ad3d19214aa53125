/** `timestamp` is milliseconds since 1970 and never decreases within a stream; `seqNum` counts 0, 1, 2 … without a gap. */
export type StreamRecord = { seqNum: number; timestamp: number; body: string; headers: [string, string][] };

/** `trimTo` makes the record a trim command: records below that number stop being kept (see `StreamStore.append`). */
export type NewRecord = { body: string; headers?: [string, string][]; trimTo?: number };

/** The first record's number, the number of the next record of the stream, and the time they were stored at. */
export type AppendResult = { first: number; next: number; timestamp: number; duplicate: boolean };
