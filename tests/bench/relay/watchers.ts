import type { Bench } from "../bench.ts";
import type { Figure, Result } from "../figure.ts";
import { ratioOf, turnAbout } from "../turn-about.ts";
import { postRequest, RawConnection } from "./raw-connection.ts";
import { outPath, RawReader } from "./raw-reader.ts";
import { BenchServer, startRelay, watchProcessor } from "./relay.ts";
import { S2Writer } from "./s2-writer.ts";
import { makeSession } from "./sessions.ts";
import { chunkBody } from "./sse-frames.ts";

const PAIRS = 5;
/** Records an append: a run process gathers what the model says. */
const RECORDS = 5;
const DELIVERIES = 60_000;

function openWatchers(server: BenchServer, path: string, count: number): Promise<RawReader[]> {
  return Promise.all(Array.from({ length: count }, () => RawReader.open(server, path)));
}

/** The writer appends when its last append is acknowledged; records delivered a second, until all watchers have all of them. */
async function deliver(watchers: RawReader[], append: (bodies: string[]) => Promise<void>): Promise<number> {
  const appendCount = Math.round(DELIVERIES / watchers.length / RECORDS);
  const before = watchers[0]?.records ?? 0;
  const start = performance.now();
  const all = Promise.all(watchers.map((watcher) => watcher.until(before + appendCount * RECORDS)));
  for (let index = 0; index < appendCount; index += 1) {
    await append(Array.from({ length: RECORDS }, (_, at) => chunkBody(index * RECORDS + at)));
  }
  await all;
  return ((appendCount * RECORDS * watchers.length) / (performance.now() - start)) * 1000;
}

async function measure(bench: Bench, count: number): Promise<Result> {
  const postgres = await bench.postgres();
  const [relay, raw] = await Promise.all([startRelay(postgres), BenchServer.start("raw-sse")]);
  try {
    const id = await makeSession(relay);
    const writer = await S2Writer.open(relay, id);
    const rawWriter = await RawConnection.open(raw.port);
    const watchers = await openWatchers(relay, outPath(id), count);
    const rawWatchers = await openWatchers(raw, "/", count);
    const watch = watchProcessor(relay, postgres);
    const pairs = await turnAbout(
      PAIRS,
      async () => {
        watch.start();
        const rate = await deliver(watchers, (bodies) => writer.append(bodies));
        watch.stop();
        return rate;
      },
      () => deliver(rawWatchers, (bodies) => rawWriter.send(postRequest("/", {}, JSON.stringify(bodies)))),
    );
    for (const one of [...watchers, ...rawWatchers, writer, rawWriter]) one.close();
    return {
      what: `${count} watchers of one stream`,
      ...ratioOf(pairs, "records delivered/s"),
      aim: { at: "least", value: 0.5 },
      against: "raw node:http server-sent events from memory, one frame for all",
      limit: watch.limit("one append at a time: its commit's wait for the disk"),
    };
  } finally {
    await Promise.all([relay.stop(), raw.stop()]);
  }
}

export const watchers: Figure<Bench> = {
  name: "watchers",
  title: "Many watchers of one live stream",
  run: async (bench) => [await measure(bench, 100), await measure(bench, 500)],
};
