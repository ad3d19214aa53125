import { once } from "node:events";
import type { StreamRecord, StreamStore } from "../streams/stream-store.ts";
import type { RequestContext } from "./router.ts";

const pageRecords = 500;
const pageBytes = 256 * 1024;

export type RecordsOptions = {
  streams: StreamStore;
  stream: string;
  /** First record wanted. */
  from: number;
  /** What stands of a record in the answer; undefined: nothing. */
  shown: (record: StreamRecord) => unknown;
};

/**
 * Answers all records that a stream has by now as `{"records": […]}`. The SDK's reader takes that answer for all there
 * is and asks for no second one, so it is whole; but one page of it at a time is in memory, and none is fetched for a
 * reader that does not read.
 */
export async function sendRecords(
  { res }: RequestContext,
  { streams, stream, from, shown }: RecordsOptions,
): Promise<void> {
  const page = (next: number) =>
    streams.page(stream, { from: next, limit: pageRecords, maxBytes: pageBytes });
  let { records, bounds } = await page(from);
  // What is written meanwhile is not waited for: that would be a subscription.
  const end = bounds.next;
  if (res.destroyed) return;
  res.writeHead(200, { "content-type": "application/json" });
  res.write('{"records":[');
  let comma = "";
  try {
    while (records.length > 0) {
      const texts = records.flatMap((record) => {
        const view = record.seqNum < end ? shown(record) : undefined;
        return view === undefined ? [] : [JSON.stringify(view)];
      });
      if (texts.length > 0) {
        const went = res.write(comma + texts.join(","));
        comma = ",";
        if (!went && !res.destroyed) await drained(res);
      }
      const next = (records.at(-1)?.seqNum ?? end) + 1;
      if (res.destroyed || next >= end) break;
      ({ records } = await page(next));
    }
  } catch (error) {
    // Half an answer must not look like a whole one.
    res.destroy();
    throw error;
  }
  res.end("]}");
}

async function drained(res: RequestContext["res"]): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  res.once("close", leave);
  await once(res, "drain", { signal: gone.signal }).catch(() => undefined);
  res.off("close", leave);
}
