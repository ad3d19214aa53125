import type { Tx } from "../database.ts";
import type { StreamRecord, StreamStore } from "../streams/stream-store.ts";

const PAGE = 50;

/** The first record past `afterSeq` (of all, for null) that is no command to the stream itself, or null. */
export async function firstRecordAfter(
  streams: StreamStore,
  tx: Tx,
  stream: string,
  afterSeq: number | null,
): Promise<StreamRecord | null> {
  let from = afterSeq === null ? 0 : afterSeq + 1;
  for (;;) {
    const records = await streams.read(stream, { from, limit: PAGE, tx });
    const last = records.at(-1);
    if (!last) return null;
    const found = records.find(({ headers }) => headers[0]?.[0] !== "");
    if (found) return found;
    from = last.seqNum + 1;
  }
}
