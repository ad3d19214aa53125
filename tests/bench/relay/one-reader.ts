import { SSEStreamSubscription } from "@trigger.dev/core/v3";
import type { Bench } from "../bench.ts";
import type { Figure, Result } from "../figure.ts";
import { ratioOf, turnAbout } from "../turn-about.ts";
import { outPath } from "./raw-reader.ts";
import { BenchServer, startRelay, watchProcessor } from "./relay.ts";
import { S2Writer } from "./s2-writer.ts";
import { makeSession } from "./sessions.ts";
import { chunkBody } from "./sse-frames.ts";

const RECORDS = 20_000;
const APPEND = 500;
const PAIRS = 6;

/** Records a second through the SDK's own reader. */
async function read(url: string, key: string): Promise<number> {
  const abort = new AbortController();
  const subscription = new SSEStreamSubscription(url, {
    headers: { Authorization: `Bearer ${key}` },
    signal: abort.signal,
    timeoutInSeconds: 60,
    maxRetries: 0,
  });
  const start = performance.now();
  const reader = (await subscription.subscribe()).getReader();
  let count = 0;
  while (count < RECORDS) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream ended after ${count} of ${RECORDS} records`);
    if (Number(value.id) !== count) throw new Error(`record ${value.id} came as number ${count}`);
    count += 1;
  }
  const rate = (count / (performance.now() - start)) * 1000;
  await reader.cancel().catch(() => {});
  abort.abort();
  return rate;
}

async function run(bench: Bench): Promise<Result[]> {
  const postgres = await bench.postgres();
  const [relay, raw] = await Promise.all([startRelay(postgres), BenchServer.start("raw-sse")]);
  try {
    const id = await makeSession(relay);
    const writer = await S2Writer.open(relay, id);
    for (let first = 0; first < RECORDS; first += APPEND) {
      await writer.append(Array.from({ length: APPEND }, (_, index) => chunkBody(first + index)));
    }
    writer.close();
    const watch = watchProcessor(relay, postgres);
    const pairs = await turnAbout(
      PAIRS,
      async () => {
        watch.start();
        const rate = await read(relay.url + outPath(id), relay.key);
        watch.stop();
        return rate;
      },
      () => read(`${raw.url}/?records=${RECORDS}`, raw.key),
    );
    return [
      {
        what: `one reader of ${RECORDS.toLocaleString("en")} stored records`,
        ...ratioOf(pairs, "records/s"),
        aim: { at: "least", value: 0.5 },
        against: "the SDK's reader on a bare in-memory node:http server with ready-made frames",
        limit: watch.limit("the database's pages, of which the next is asked for while one is read"),
      },
    ];
  } finally {
    await Promise.all([relay.stop(), raw.stop()]);
  }
}

export const oneReader: Figure<Bench> = {
  name: "one-reader",
  title: "One reader's throughput with the SDK's SSEStreamSubscription",
  run,
};
