import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median, quantile } from "../statistics.ts";
import { postRequest, RawConnection } from "./raw-connection.ts";
import { outPath, RawReader } from "./raw-reader.ts";
import { BenchServer, startRelay, watchProcessor } from "./relay.ts";
import { S2Writer } from "./s2-writer.ts";
import { makeSession } from "./sessions.ts";
import { chunkBody } from "./sse-frames.ts";

const APPENDS = 600;
const WARM_UP = 50;
const PAUSE_MS = 4;

/** Milliseconds from the writer's send to the reader, for one record. */
async function relayed(reader: RawReader, append: () => Promise<void>): Promise<number> {
  const expected = reader.records + 1;
  const sent = performance.now();
  await Promise.all([append(), reader.until(expected)]);
  return arrival - sent;
}

let arrival = 0;
const noted = (_: number, at: number): void => void (arrival = at);

async function run(bench: Bench): Promise<Result[]> {
  const postgres = await bench.postgres();
  const [relay, raw] = await Promise.all([startRelay(postgres), BenchServer.start("raw-sse")]);
  try {
    const id = await makeSession(relay);
    const writer = await S2Writer.open(relay, id);
    const rawWriter = await RawConnection.open(raw.port);
    const reader = await RawReader.open(relay, outPath(id), noted);
    const rawReader = await RawReader.open(raw, "/", noted);
    const ours: number[] = [];
    const theirs: number[] = [];
    const watch = watchProcessor(relay, postgres);
    watch.start();
    for (let index = 0; index < APPENDS + WARM_UP; index += 1) {
      const body = chunkBody(index);
      const own = await relayed(reader, () => writer.append([body]));
      await sleep(PAUSE_MS);
      const other = await relayed(rawReader, () =>
        rawWriter.send(postRequest("/", {}, JSON.stringify([body]))),
      );
      if (index < WARM_UP) continue;
      ours.push(own);
      theirs.push(other);
    }
    watch.stop();
    for (const one of [writer, rawWriter, reader, rawReader]) one.close();
    return results(ours, theirs, watch.limit("the commit's wait for the disk"));
  } finally {
    await Promise.all([relay.stop(), raw.stop()]);
  }
}

function results(ours: number[], theirs: number[], limit: string): Result[] {
  return [0.5, 0.99].map((share) => {
    const [own, other] = [quantile(ours, share), quantile(theirs, share)];
    return {
      what: `append to reader, p${share * 100}`,
      value: own,
      unit: "ms",
      ratio: own / other,
      against: `a bare in-memory node:http server, turn about: ${other.toFixed(2)} ms, so ${(own / other).toFixed(1)}×`,
      samples: ours.length,
      spread: spreadOf(ours),
      details: { "over the bare server ms": own - other, "the bare server's p50 ms": median(theirs) },
      limit,
    };
  });
}

export const latency: Figure<Bench> = {
  name: "latency",
  title: "From an append on S2 to a reader of server-sent events, one record at a time",
  run,
};
