import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import type { ProcessorWatch } from "../processor.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median, quantile } from "../statistics.ts";
import { outPath, RawReader } from "./raw-reader.ts";
import { startRelay, watchProcessor, type BenchServer } from "./relay.ts";
import { S2Writer } from "./s2-writer.ts";
import { makeSessions } from "./sessions.ts";
import { chunkBody } from "./sse-frames.ts";

const ANSWERS = 200;
const TOKEN_EVERY_MS = 20;
const SECONDS = 8;
const TOKENS = (SECONDS * 1000) / TOKEN_EVERY_MS;
const WARM_UP = 1000 / TOKEN_EVERY_MS;

/** One answer: its writer gathers tokens as the SDK does, for as long as the server asks; its reader notes the gaps. */
class Answer {
  readonly gaps: number[] = [];
  readonly delays: number[] = [];
  private readonly writer: S2Writer;
  private reader: RawReader | null = null;
  private readonly sentAt: number[] = [];
  private readonly appended: Promise<void>[] = [];
  private gathered: string[] = [];
  private lastArrival = 0;
  private seen = 0;

  constructor(writer: S2Writer) {
    this.writer = writer;
  }

  async read(server: BenchServer, id: string): Promise<void> {
    this.reader = await RawReader.open(server, outPath(id), (count, at) => this.arrived(count, at));
  }

  token(): void {
    if (this.gathered.length === 0) setTimeout(() => this.flush(), this.writer.flushIntervalMs);
    this.gathered.push(chunkBody(this.sentAt.length));
    this.sentAt.push(performance.now());
  }

  /** Resolves when every token was acknowledged and has reached the reader. */
  async end(): Promise<void> {
    this.flush();
    await Promise.all(this.appended);
    await this.reader?.until(TOKENS);
    if (this.seen !== TOKENS) throw new Error(`a reader got ${this.seen} tokens of ${TOKENS}`);
    this.reader?.close();
    this.writer.close();
  }

  private flush(): void {
    if (this.gathered.length === 0) return;
    const append = this.writer.append(this.gathered);
    // It is awaited at the end; until then a failure must not count as unhandled.
    append.catch(() => {});
    this.appended.push(append);
    this.gathered = [];
  }

  private arrived(count: number, at: number): void {
    for (let index = this.seen; index < this.seen + count; index += 1) {
      if (index >= WARM_UP) this.delays.push(at - (this.sentAt[index] ?? Number.NaN));
    }
    if (this.seen >= WARM_UP) this.gaps.push(at - this.lastArrival);
    this.lastArrival = at;
    this.seen += count;
  }
}

/** Every answer gets a token every 20 ms, each a little later than the one before it. */
async function speak(answers: Answer[]): Promise<void> {
  const start = performance.now();
  let ticks = 0;
  const perTick = Math.ceil(answers.length / TOKEN_EVERY_MS);
  const total = TOKENS * TOKEN_EVERY_MS;
  while (ticks < total) {
    for (const due = performance.now() - start; ticks <= due && ticks < total; ticks += 1) {
      const first = (ticks % TOKEN_EVERY_MS) * perTick;
      for (const answer of answers.slice(first, first + perTick)) answer.token();
    }
    await sleep(1);
  }
}

async function run(bench: Bench): Promise<Result[]> {
  const postgres = await bench.postgres();
  const relay = await startRelay(postgres);
  try {
    const ids = await makeSessions(relay, ANSWERS);
    const answers = await Promise.all(ids.map(async (id) => new Answer(await S2Writer.open(relay, id))));
    await Promise.all(answers.map((answer, index) => answer.read(relay, ids[index] ?? "")));
    const watch = watchProcessor(relay, postgres);
    const ownDelay = monitorEventLoopDelay({ resolution: 5 });
    watch.start();
    ownDelay.enable();
    await speak(answers);
    ownDelay.disable();
    watch.stop();
    await Promise.all(answers.map((answer) => answer.end()));
    return [result(answers, ownDelay.percentile(99) / 1e6, watch)];
  } finally {
    await relay.stop();
  }
}

function result(answers: Answer[], ownDelay: number, watch: ProcessorWatch): Result {
  const gaps = answers.flatMap((answer) => answer.gaps);
  const delays = answers.flatMap((answer) => answer.delays);
  const p99 = quantile(gaps, 0.99);
  return {
    what: `p99 gap between two arrivals of one answer, ${ANSWERS} answers at ${1000 / TOKEN_EVERY_MS} tokens/s`,
    value: p99,
    unit: "ms",
    aim: { at: "most", value: 100 },
    ratio: p99 / TOKEN_EVERY_MS,
    against: `the model's own gap of ${TOKEN_EVERY_MS} ms, so ${(p99 / TOKEN_EVERY_MS).toFixed(1)}×`,
    samples: gaps.length,
    spread: spreadOf(gaps),
    details: {
      "gap p50 ms": median(gaps),
      "gap p99.9 ms": quantile(gaps, 0.999),
      "token to reader p50 ms": median(delays),
      "token to reader p99 ms": quantile(delays, 0.99),
      "this load's own delay p99 ms": ownDelay,
      "µs of the server's processor a token": (watch.seconds("server") * 1e6) / (ANSWERS * TOKENS),
    },
    limit: watch.limit("how long writers gather what the model says before they append"),
  };
}

export const liveAnswers: Figure<Bench> = {
  name: "live-answers",
  title: `${ANSWERS} answers at once, written through S2 and read as server-sent events`,
  run,
};
