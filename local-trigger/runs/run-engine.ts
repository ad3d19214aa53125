import type { Database, Tx } from "../database.ts";
import type { Log } from "../log.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import type { CreateRun, Run } from "./run.ts";

export type { CreateRun, Run } from "./run.ts";

export type RunEngineDeps = {
  db: Database;
  streams: StreamStore;
  /** The origin that run processes and browsers use, e.g. `http://127.0.0.1:3030`. Known once the server listens. */
  origin: () => string;
  secretKey: string;
  projectRef: string;
  log: Log;
  /** Told to the worker in dev/config; default 100. */
  maxConcurrentRuns?: number;
};

export type StreamWaitpointInput = {
  stream: string;
  /** The session (its `session_…` id) that the stream belongs to; its lock guards the race check. */
  sessionId?: string;
  afterSeq?: number;
  /** "30s", "10m", "1h", "7d", or an ISO date. */
  timeout?: string;
  idempotencyKey?: string;
  idempotencyKeyTTL?: string;
  tags?: string[];
};

export type RunFinishedListener = (tx: Tx, run: Run) => Promise<void>;

export declare class RunEngine {
  constructor(deps: RunEngineDeps);
  create(tx: Tx, input: CreateRun): Promise<Run>;
  find(runId: string, tx?: Tx): Promise<Run | null>;
  isFinal(run: Run): boolean;
  cancel(runId: string, reason: string): Promise<Run | null>;
  createStreamWaitpoint(
    runId: string,
    input: StreamWaitpointInput,
  ): Promise<{ waitpointId: string; isCached: boolean }>;
  wakeStream(tx: Tx, stream: string): Promise<void>;
  onRunFinished(listener: RunFinishedListener): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}
