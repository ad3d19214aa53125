import type { Database, Tx } from "../database.ts";
import type { Log } from "../log.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { Attempts } from "./attempts.ts";
import { Batches } from "./batches.ts";
import { Cancels } from "./cancels.ts";
import { purgeRunsOfSession } from "./purge-runs.ts";
import { Queue } from "./queue.ts";
import { registerQueues } from "./queue-registry.ts";
import { Queues } from "./queues.ts";
import { Reaper } from "./reaper.ts";
import { DEFAULT_TIMING, RunCore, type EngineTiming, type RunFinishedListener } from "./run-core.ts";
import { RunNotes } from "./run-notes.ts";
import type { RunSignals } from "./run-signals.ts";
import { isFinalStatus } from "./run-status.ts";
import { findRun } from "./run-store.ts";
import type { CreateRun, Run } from "./run.ts";
import { Schedules } from "./schedules.ts";
import { wakeAwaiting } from "./slots.ts";
import { Triggers } from "./triggers.ts";
import { Waits, type StreamWaitpointInput } from "./waits.ts";
import { registerWorker, type Worker, type WorkerMetadata } from "./worker-store.ts";

export type { CreateRun, Run } from "./run.ts";
export type { EngineTiming, RunFinishedListener } from "./run-core.ts";
export type { StreamWaitpointInput } from "./waits.ts";

export type RunEngineDeps = {
  db: Database;
  streams: StreamStore;
  log: Log;
  /** Runs that may execute at a time; those that wait do not count. Default 100. */
  maxConcurrentRuns?: number;
  timing?: Partial<EngineTiming>;
};

/** The engine behind every run: one object that owns the queue, the attempts, the waits and their timers. */
export class RunEngine {
  readonly db: Database;
  readonly maxConcurrentRuns: number;
  readonly queue: Queue;
  readonly attempts: Attempts;
  readonly waits: Waits;
  readonly notes: RunNotes;
  readonly triggers: Triggers;
  readonly batches: Batches;
  readonly schedules: Schedules;
  readonly queues: Queues;
  readonly reaper: Reaper;
  private readonly cancels: Cancels;
  private readonly core: RunCore;

  constructor(deps: RunEngineDeps) {
    this.db = deps.db;
    this.maxConcurrentRuns = deps.maxConcurrentRuns ?? 100;
    this.core = new RunCore(deps.db, deps.log, { ...DEFAULT_TIMING, ...deps.timing });
    this.queue = new Queue(this.core, this.maxConcurrentRuns);
    this.notes = new RunNotes(this.core);
    this.attempts = new Attempts(this.core, this.notes);
    this.waits = new Waits(this.core, deps.streams);
    this.triggers = new Triggers(this.core, this.waits);
    this.batches = new Batches(this.core, this.waits, this.triggers);
    this.schedules = new Schedules(this.core, this.triggers);
    this.queues = new Queues(this.core);
    this.cancels = new Cancels(this.core, deps.streams);
    this.reaper = new Reaper(this.core);
  }

  get signals(): RunSignals {
    return this.core.signals;
  }

  /** A new run, queued once the transaction has committed. Hold its session's lock where it has one. */
  create(tx: Tx, input: CreateRun): Promise<Run> {
    return this.triggers.create(tx, input);
  }

  find(runId: string, tx?: Tx): Promise<Run | null> {
    return findRun(tx ?? this.db, runId);
  }

  isFinal(run: Run): boolean {
    return isFinalStatus(run.status);
  }

  /** Not yet started: canceled at once. Executing: its worker is told and has ten seconds. Null for no such run. */
  cancel(runId: string, reason: string): Promise<Run | null> {
    return this.cancels.cancel(runId, reason);
  }

  /** The same once this transaction has committed: for who holds the session's lock. */
  cancelSoon(tx: Tx, runId: string, reason: string): Promise<void> {
    return this.cancels.soon(tx, runId, reason);
  }

  /** A waitpoint that the next record of a session's stream completes; null for no such run. */
  createStreamWaitpoint(
    runId: string,
    input: StreamWaitpointInput,
  ): Promise<{ waitpointId: string; isCached: boolean } | null> {
    return this.waits.onStream(runId, input);
  }

  /** Completes the waitpoints of a stream that have got their record: call it after the append, in its transaction. */
  wakeStream(tx: Tx, stream: string): Promise<void> {
    return this.waits.wakeStream(tx, stream);
  }

  /**
   * Called inside the transaction that ends a run, with its session's lock held, once; again a second later when it
   * throws.
   */
  onRunFinished(listener: RunFinishedListener): void {
    this.core.onRunFinished(listener);
  }

  /** Whether a worker is there that takes a new run, at once or when it has room. */
  workerReady(): boolean {
    return this.signals.workers.isPresent;
  }

  /** Makes these tasks the newest version; calls that wait for work under an older one return empty. */
  async registerWorker(metadata: WorkerMetadata): Promise<Worker> {
    const worker = await registerWorker(this.db, metadata, async (tx) => {
      await registerQueues(tx, metadata);
      await this.schedules.sync(tx, metadata);
      await wakeAwaiting(tx, this.core.timers);
    });
    this.core.signals.queueMoved("registered");
    return worker;
  }

  /** The worker process of these runs is gone. How many of them that concerned. */
  async disconnect(runIds: string[]): Promise<number> {
    let lost = 0;
    for (const runId of runIds) if (await this.reaper.workerLost(runId)) lost += 1;
    return lost;
  }

  /** Removes what the runs of a session, and those that they triggered, hold of people's words; ids and states stay. */
  async purgeSession(tx: Tx, sessionId: string): Promise<void> {
    await purgeRunsOfSession(tx, sessionId);
  }

  /** Begins to fire timers, those of an earlier process included, and to look for lost workers. */
  async start(): Promise<void> {
    this.core.timers.start();
    this.reaper.start();
    await Promise.resolve();
  }

  async stop(): Promise<void> {
    this.core.signals.stop();
    await Promise.all([this.core.timers.stop(), this.reaper.stop()]);
  }
}
