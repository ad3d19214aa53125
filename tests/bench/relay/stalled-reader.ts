import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { secondsOf } from "../processor.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median } from "../statistics.ts";
import { turnAbout } from "../turn-about.ts";
import { outPath, RawReader } from "./raw-reader.ts";
import { startRelay, watchProcessor, type BenchServer } from "./relay.ts";
import { S2Writer } from "./s2-writer.ts";
import { makeSession } from "./sessions.ts";
import { chunkBody } from "./sse-frames.ts";

const READERS = 20;
const STALLED = 10;
const PAIRS = 6;
const APPENDS = 300;
/** More than the kernel holds for a socket: 16 MB. */
const LARGE = { records: 4000, bytes: 4000, append: 100 };

const stalledReaders = async (server: BenchServer, id: string): Promise<RawReader[]> => {
  const readers = await Promise.all(
    Array.from({ length: STALLED }, () => RawReader.open(server, outPath(id))),
  );
  for (const reader of readers) reader.socket.pause();
  return readers;
};

async function fill(writer: S2Writer): Promise<void> {
  const text = "x".repeat(LARGE.bytes);
  const bodies = Array.from({ length: LARGE.append }, (_, index) => chunkBody(index, text));
  for (let sent = 0; sent < LARGE.records; sent += LARGE.append) await writer.append(bodies);
}

/** Resolves when the server has nothing to do: what it could send is sent. */
async function quiet(server: BenchServer): Promise<void> {
  for (let idle = 0, before = -1, looks = 0; idle < 2 && looks < 20; looks += 1) {
    await sleep(100);
    const used = secondsOf(server.pid) ?? 0;
    idle = used - before < 0.015 ? idle + 1 : 0;
    before = used;
  }
}

/** Records a second at the readers that read. */
async function deliver(writer: S2Writer, readers: RawReader[]): Promise<number> {
  const before = readers[0]?.records ?? 0;
  const start = performance.now();
  const all = Promise.all(readers.map((reader) => reader.until(before + APPENDS)));
  for (let index = 0; index < APPENDS; index += 1) await writer.append([chunkBody(index)]);
  await all;
  return (APPENDS / (performance.now() - start)) * 1000;
}

/** Bytes a stalled reader holds in the server, while its stream has grown by far more than its socket takes. */
async function memoryEach(server: BenchServer): Promise<number> {
  const id = await makeSession(server);
  const writer = await S2Writer.open(server, id);
  await fill(writer);
  await quiet(server);
  const before = await server.memory();
  const stalled = await stalledReaders(server, id);
  await quiet(server);
  await fill(writer);
  await quiet(server);
  const after = await server.memory();
  for (const reader of stalled) reader.close();
  writer.close();
  return (after - before) / STALLED / 1e6;
}

/** A stream that many read at full speed and, in every other phase, as many leave unread. */
async function cost(server: BenchServer): Promise<number[]> {
  const id = await makeSession(server);
  const writer = await S2Writer.open(server, id);
  await fill(writer);
  const readers = await Promise.all(
    Array.from({ length: READERS }, () => RawReader.open(server, outPath(id))),
  );
  await Promise.all(readers.map((reader) => reader.until(LARGE.records)));
  const { ratios } = await turnAbout(
    PAIRS,
    async () => {
      // They begin at the first record: their sockets are full before the phase begins.
      const stalled = await stalledReaders(server, id);
      await quiet(server);
      const rate = await deliver(writer, readers);
      for (const reader of stalled) reader.close();
      return rate;
    },
    async () => {
      // Both phases begin from rest.
      await quiet(server);
      return deliver(writer, readers);
    },
  );
  for (const one of [...readers, writer]) one.close();
  return ratios.map((ratio) => (1 - ratio) * 100);
}

async function run(bench: Bench): Promise<Result[]> {
  const postgres = await bench.postgres();
  const relay = await startRelay(postgres);
  try {
    const watch = watchProcessor(relay, postgres);
    watch.start();
    const costs = await cost(relay);
    watch.stop();
    const behind = (LARGE.records * LARGE.bytes * 2) / 1e6;
    const memory = [await memoryEach(relay), await memoryEach(relay)];
    return [
      {
        what: `${STALLED} stalled readers cost ${READERS} others`,
        value: median(costs),
        unit: "%",
        aim: { at: "most", value: 5 },
        against: "the same phase without them, turn about",
        samples: costs.length,
        spread: spreadOf(costs),
        limit: watch.limit("one append at a time: its commit's wait for the disk"),
      },
      {
        what: "memory that one stalled reader holds in the server",
        value: median(memory),
        unit: "MB",
        aim: { at: "most", value: 1 },
        ratio: median(memory) / behind,
        against: `the server before they came; they are ${behind.toFixed(0)} MB behind`,
        samples: memory.length * STALLED,
        spread: spreadOf(memory),
        limit:
          "the one page that waits for its socket and the next one (128 KB each), beside what the kernel buffers",
      },
    ];
  } finally {
    await relay.stop();
  }
}

export const stalledReader: Figure<Bench> = {
  name: "stalled-reader",
  title: "A reader that does not read",
  run,
};
