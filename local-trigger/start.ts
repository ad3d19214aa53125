import { Database } from "./database.ts";
import { Front } from "./http/front.ts";
import { LiveWriters } from "./http/live-writers.ts";
import { ReaderLimit } from "./http/reader-limit.ts";
import { Router, type Route } from "./http/router.ts";
import { authRoutes } from "./http/routes/auth.ts";
import { batchRoutes } from "./http/routes/batches.ts";
import { cliRoutes } from "./http/routes/cli.ts";
import { concurrencyLimitRoutes } from "./http/routes/concurrency-limits.ts";
import { engineRoutes } from "./http/routes/engine.ts";
import { packetRoutes } from "./http/routes/packets.ts";
import { queueRoutes } from "./http/routes/queues.ts";
import { rerunRoutes } from "./http/routes/reruns.ts";
import { runFeedRoutes } from "./http/routes/run-feed.ts";
import { runRoutes } from "./http/routes/runs.ts";
import { runStreamRoutes } from "./http/routes/run-streams.ts";
import { s2Routes } from "./http/routes/s2.ts";
import { scheduleRoutes } from "./http/routes/schedules.ts";
import { serviceRoutes } from "./http/routes/service.ts";
import { sessionRoutes } from "./http/routes/sessions.ts";
import { sessionStreamRoutes } from "./http/routes/session-streams.ts";
import { snapshotRoutes } from "./http/routes/snapshots.ts";
import { triggerRoutes } from "./http/routes/trigger.ts";
import { waitpointRoutes } from "./http/routes/waitpoints.ts";
import { attachWorkerSocket } from "./http/worker-socket.ts";
import { Access } from "./inspector/access.ts";
import { inspectorRoutes } from "./inspector/routes.ts";
import { createLog, type Log } from "./log.ts";
import { RunEngine, type EngineTiming } from "./runs/run-engine.ts";
import { finishPurges } from "./sessions/close-session.ts";
import { afterRun } from "./sessions/recovery.ts";
import { InputRoom, type Room } from "./sessions/input-room.ts";
import { SessionService, type SessionDeps } from "./sessions/session-service.ts";
import { Sweeper } from "./sessions/sweeper.ts";
import { PostgresStreamStore } from "./streams/postgres-stream-store.ts";
import { TokenCipher } from "./streams/token-cipher.ts";
import { Trimmer } from "./streams/trimmer.ts";

export type LocalTriggerOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  databaseUrl: string;
  secretKey: string;
  accessToken: string;
  projectRef: string;
  log?: Log;
  /** How long trimmed records stay readable; default 15 s. */
  trimDelayMs?: number;
  /** How long what has ended is kept; default 14 days. */
  retentionDays?: number;
  /** How long writers gather chunks before they append, while they are few; default 2 ms. */
  flushIntervalMs?: number;
  timing?: Partial<EngineTiming>;
  /** Streams that tokens hold open at once of one session or run; default 1000. */
  maxReaders?: number;
  /** What may wait in one session's `.in`; default 5000 records, 32 MiB. */
  inputRoom?: Room;
  /** Names, beside this machine's own, under which the pages that show what is inside may be opened. */
  inspectorHosts?: string[];
  /** Where the worker host keeps what each run printed (`<runId>.log`). */
  runLogsDir?: string;
  onLockLost?: () => void;
};

export type LocalTrigger = {
  url: string;
  port: number;
  /** Every address that is served, for the README's table and for tests. */
  routeTable: Pick<Route, "method" | "path" | "access">[];
  stop(): Promise<void>;
};

const defaultRetentionDays = 14;
const defaultFlushIntervalMs = 2;
const graceMs = 500;

/** Starts the whole server on one port; rejects when the database or the port is taken. Timers of an earlier process go on. */
export async function startLocalTrigger(options: LocalTriggerOptions): Promise<LocalTrigger> {
  const log = options.log ?? createLog();
  const db = await Database.open(options.databaseUrl, { onLockLost: options.onLockLost });
  try {
    return await serve(options, log, db);
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function serve(options: LocalTriggerOptions, log: Log, db: Database): Promise<LocalTrigger> {
  const tokens = new TokenCipher(options.secretKey);
  const streams = new PostgresStreamStore(db, { trimDelayMs: options.trimDelayMs, tokens });
  const runs = new RunEngine({ db, streams, log, timing: options.timing });
  const sessionDeps: SessionDeps = { db, streams, runs, log };
  runs.onRunFinished((tx, run) => afterRun(tx, { streams, runs, log }, run));

  let origin = "";
  const access = new Access({ secretKey: options.secretKey, hosts: options.inspectorHosts ?? [] });
  const routes = [
    ...allRoutes(options, sessionDeps, runs, () => origin),
    ...inspectorRoutes({ runs, streams, access, runLogsDir: options.runLogsDir, log }),
  ];
  const router = new Router(routes, { keys: options, log });
  const front = new Front((req, res) => void router.handle(req, res));
  const detachWorkers = attachWorkerSocket(front.http1, { signals: runs.signals, keys: options });
  const port = await front.listen(options.port, options.host);
  origin = `http://${reachable(options.host)}:${port}`;

  const trimmer = new Trimmer(streams, log);
  trimmer.start();
  await runs.start();
  await finishPurges(sessionDeps);
  const sweeper = new Sweeper({ db, streams, log }, options.retentionDays ?? defaultRetentionDays);
  sweeper.start();
  log.info("server.started", { host: options.host, port });

  return {
    url: origin,
    port,
    routeTable: routes.map(({ method, path, access }) => ({ method, path, access })),
    stop: async () => {
      // First the engine: it lets go of the long polls that would hold the port for their whole time.
      await runs.stop();
      await trimmer.stop();
      await sweeper.stop();
      await detachWorkers();
      await front.close(graceMs);
      await db.close();
    },
  };
}

function allRoutes(
  options: LocalTriggerOptions,
  sessionDeps: SessionDeps,
  runs: RunEngine,
  origin: () => string,
): Route[] {
  const { db, streams } = sessionDeps;
  const { secretKey, projectRef } = options;
  const sessions = new SessionService(sessionDeps);
  const writers = new LiveWriters(options.flushIntervalMs ?? defaultFlushIntervalMs);
  const s2 = { secretKey, origin, writers };
  const readers = new ReaderLimit(options.maxReaders);
  const room = new InputRoom({ db, streams }, options.inputRoom);
  return [
    ...serviceRoutes({ db, workerReady: () => runs.workerReady() }),
    ...authRoutes({ secretKey }),
    ...cliRoutes({ runs, origin, secretKey, projectRef }),
    ...engineRoutes({ runs, origin, projectRef }),
    ...runRoutes({ runs, urls: { secretKey, origin } }),
    ...packetRoutes({ runs, urls: { secretKey, origin } }),
    ...rerunRoutes({ runs }),
    ...queueRoutes({ runs }),
    ...concurrencyLimitRoutes({ runs }),
    ...scheduleRoutes({ runs }),
    ...runFeedRoutes({ runs }),
    ...triggerRoutes({ runs, secretKey }),
    ...batchRoutes({ runs, secretKey }),
    ...waitpointRoutes({ runs, origin, findSession: (key) => sessions.find(key) }),
    ...sessionRoutes({ sessions, sessionDeps, secretKey }),
    ...snapshotRoutes({ db, sessions, secretKey, origin }),
    ...sessionStreamRoutes({ sessions, streams, s2, readers, room }),
    ...runStreamRoutes({ runs, streams, s2, readers }),
    ...s2Routes({ streams, secretKey, writers }),
  ];
}

// An address that means "all of them" is no address to call.
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
