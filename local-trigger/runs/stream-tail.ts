import type { Tx } from "../database.ts";
import type { StreamStore } from "../streams/stream-store.ts";

const PAGE = 50;

/** Whether the stream holds a record past `afterSeq` (any, for null) that is no command to the stream itself. */
export async function hasRecordAfter(
  streams: StreamStore,
  tx: Tx,
  stream: string,
  afterSeq: number | null,
): Promise<boolean> {
  let from = afterSeq === null ? 0 : afterSeq + 1;
  for (;;) {
    const records = await streams.read(stream, { from, limit: PAGE, tx });
    const last = records.at(-1);
    if (!last) return false;
    if (records.some(({ headers }) => headers[0]?.[0] !== "")) return true;
    from = last.seqNum + 1;
  }
}
