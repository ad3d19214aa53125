// A local-trigger for benchmarks, in a process of its own: `postgres` is the real one on DATABASE_URL, `no-op` has the
// same front, router and parsing over a store that keeps nothing. Tells its port, and its memory when it is asked.
import { Front } from "#local-trigger/http/front.ts";
import { LiveWriters } from "#local-trigger/http/live-writers.ts";
import { ReaderLimit } from "#local-trigger/http/reader-limit.ts";
import { Router } from "#local-trigger/http/router.ts";
import { s2Routes } from "#local-trigger/http/routes/s2.ts";
import { sessionStreamRoutes } from "#local-trigger/http/routes/session-streams.ts";
import { createLog } from "#local-trigger/log.ts";
import { startLocalTrigger } from "#local-trigger/start.ts";
import { NoOpStore } from "./no-op-store.ts";

const keys = { secretKey: process.env["BENCH_KEY"] ?? "", accessToken: "tr_pat_of_the_bench" };
const log = createLog("warn");

async function startNoOp(): Promise<number> {
  const streams = new NoOpStore();
  const sessions = {
    identify: (id: string) => Promise.resolve({ id, externalId: id }),
    find: () => Promise.resolve(null),
    appendInput: (session: { id: string }, body: string) => streams.append(session.id, [{ body }]),
  };
  const room = { take: () => Promise.resolve() };
  const writers = new LiveWriters(10);
  const s2 = { secretKey: keys.secretKey, origin: () => `http://127.0.0.1:${port}`, writers };
  const routes = [
    ...sessionStreamRoutes({ sessions, streams, s2, readers: new ReaderLimit(), room }),
    ...s2Routes({ streams, writers, ...keys }),
  ];
  const router = new Router(routes, { keys, log });
  const front = new Front((req, res) => void router.handle(req, res));
  return front.listen(0, "127.0.0.1");
}

async function startReal(): Promise<number> {
  const databaseUrl = process.env["DATABASE_URL"] ?? "";
  const options = { ...keys, databaseUrl, log, host: "127.0.0.1", port: 0, projectRef: "proj_longrun" };
  return (await startLocalTrigger(options)).port;
}

const port = process.argv[2] === "no-op" ? await startNoOp() : await startReal();
process.send?.({ port });
process.on("message", () => {
  // What the first one finalises, the second one frees.
  for (let round = 0; round < 2; round += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ bytes: heapUsed + external });
});
process.on("disconnect", () => process.exit(0));
