import { signToken } from "#local-trigger/wire/tokens.ts";
import { randomUUID } from "node:crypto";
import type { Figure, Result } from "../figure.ts";
import { median, quantile } from "../statistics.ts";
import { ratioOf, turnAbout } from "../turn-about.ts";
import type { Bench } from "../bench.ts";
import { postRequest, RawConnection } from "./raw-connection.ts";
import { BenchServer, startRelay, watchProcessor } from "./relay.ts";
import { S2Writer, encodeAppend } from "./s2-writer.ts";
import { makeSessions } from "./sessions.ts";
import { chunkBody } from "./sse-frames.ts";

const WRITERS = 100;
const PAIRS = 6;
const PHASE_MS = 1200;

type Writer = { append: (index: number) => Promise<void>; close: () => void };
type Open = (server: BenchServer, sessionId: string) => Promise<Writer>;

/** As a browser sends a message: POST `.in/append` with the session's token and a part id of its own each. */
async function openRoute(server: BenchServer, id: string): Promise<Writer> {
  const connection = await RawConnection.open(server.port);
  const token = await signToken(server.key, [`read:sessions:${id}`, `write:sessions:${id}`]);
  const path = `/realtime/v1/sessions/${id}/in/append`;
  const body = JSON.stringify({ kind: "message", payload: { chatId: id, message: { text: "A question" } } });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return {
    append: () => connection.send(postRequest(path, { ...headers, "x-part-id": randomUUID() }, body)),
    close: () => connection.close(),
  };
}

/** As a run process writes its answer: frames on one S2 append session. */
async function openS2(server: BenchServer, id: string): Promise<Writer> {
  const writer = await S2Writer.open(server, id);
  return {
    append: (index) => writer.appendEncoded(encodeAppend([chunkBody(index)])),
    close: () => writer.close(),
  };
}

/** All writers at once, each sends when its last append is acknowledged; appends a second. */
async function phase(writers: Writer[], latencies?: number[]): Promise<number> {
  const start = performance.now();
  const end = start + PHASE_MS;
  let done = 0;
  const write = async (writer: Writer): Promise<void> => {
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      await writer.append(done);
      done += 1;
      latencies?.push(performance.now() - sent);
    }
  };
  await Promise.all(writers.map(write));
  return (done / (performance.now() - start)) * 1000;
}

async function measure(bench: Bench, what: string, open: Open): Promise<Result> {
  const postgres = await bench.postgres();
  const [ours, noOp] = await Promise.all([startRelay(postgres), BenchServer.start("server", ["no-op"])]);
  try {
    const ids = await makeSessions(ours, WRITERS);
    const writers = await Promise.all(ids.map((id) => open(ours, id)));
    const others = await Promise.all(ids.map((id) => open(noOp, id)));
    const watch = watchProcessor(ours, postgres);
    const latencies: number[] = [];
    const pairs = await turnAbout(
      PAIRS,
      async () => {
        watch.start();
        const rate = await phase(writers, latencies);
        watch.stop();
        return rate;
      },
      () => phase(others),
    );
    for (const writer of [...writers, ...others]) writer.close();
    const ratio = ratioOf(pairs, "appends/s");
    return {
      what,
      ...ratio,
      details: { ...ratio.details, "ack p50 ms": median(latencies), "ack p99 ms": quantile(latencies, 0.99) },
      aim: { at: "least", value: 0.5 },
      against: "the same server, router and parsing over a store that keeps nothing",
      limit: watch.limit("the commits' wait for the disk"),
    };
  } finally {
    await Promise.all([ours.stop(), noOp.stop()]);
  }
}

export const appends: Figure<Bench> = {
  name: "appends",
  title: `Durable appends, ${WRITERS} writers at once, each to a session of its own`,
  run: async (bench) => [
    await measure(bench, "session append route", openRoute),
    await measure(bench, "S2 append sessions", openS2),
  ],
};
