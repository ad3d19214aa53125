import { setTimeout as sleep } from "node:timers/promises";
import { describeError, type Log } from "../log.ts";
import { ActiveRun, heapLimitMb, type ActiveRunDeps } from "./active-run.ts";
import type { WorkerConfig } from "./config.ts";
import { EngineClient, EngineRefused } from "./engine-client.ts";
import type { DequeuedRun, RegisteredWorker } from "./engine-messages.ts";
import { freeLeftoverRuns } from "./leftover-runs.ts";
import { Notifications } from "./notifications.ts";
import { Pool } from "./pool.ts";
import { PidFiles, RunLogs } from "./run-files.ts";
import { RunProcess } from "./run-process.ts";
import { readTaskBuild, type TaskBuild } from "./task-build.ts";

// The machine that local-trigger gives every run (medium-1x): the first spare is made for it.
const DEFAULT_MEMORY_GB = 2;
const DRAIN_MS = 3_000;
// Between the turn's last record and the end of its process: the answer is being saved.
const SAVE_MS = 300;
const LAST_CALL_MS = 1_000;

/** The worker of `npm start`: takes runs from the engine and gives each a process of its own. */
export class WorkerHost {
  #config: WorkerConfig;
  #log: Log;
  #build: TaskBuild;
  #pool: Pool;
  #engine: EngineClient;
  #notifications: Notifications;
  #pidFiles: PidFiles;
  #logs: RunLogs;
  #runs = new Map<string, { run: ActiveRun; ended: Promise<void> }>();
  #calls = new AbortController();
  #dequeuing = new AbortController();
  #freed: (() => void) | undefined;
  #loop: Promise<void> = Promise.resolve();
  #lastRetryLog = 0;

  /** Begins to make spares. Throws one line when there is no build of the tasks. */
  constructor(config: WorkerConfig, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#build = readTaskBuild(config.buildDir);
    this.#pidFiles = new PidFiles(config.pidDir);
    this.#logs = new RunLogs(config.logDir);
    this.#engine = new EngineClient({
      ...config,
      signal: this.#calls.signal,
      onRetry: (call, why) => this.#logRetry(call, why),
    });
    this.#notifications = new Notifications(config);
    this.#pool = new Pool({
      fork: (memoryMb) => this.#fork(memoryMb),
      log,
      spares: config.spares,
      maxProcesses: config.maxProcesses,
      memoryMb: heapLimitMb(DEFAULT_MEMORY_GB),
    });
  }

  /** Resolves once the engine knows the worker; waits for an engine that is not up yet. */
  async start(): Promise<void> {
    await freeLeftoverRuns({ pidFiles: this.#pidFiles, engine: this.#engine, log: this.#log });
    const worker = await this.#engine.register(this.#build);
    this.#log.info("worker-ready", {
      worker: worker.id,
      version: worker.version,
      tasks: this.#build.tasks.length,
      ms: Math.round(performance.now()),
    });
    this.#loop = this.#work(worker);
  }

  /** How many processes there are of each kind. */
  get processes(): Pool["counts"] {
    return this.#pool.counts;
  }

  /** Takes no more work, lets open turns end for up to 3 s, ends the rest and tells the engine. */
  async stop(): Promise<void> {
    this.#dequeuing.abort();
    this.#freed?.();
    await this.#loop;
    const runs = [...this.#runs.values()].map(({ run }) => run);
    const pending = runs.filter((run) => run.phase === "pending");
    for (const run of pending) run.abandon();
    this.#pool.close();
    const begun = runs.filter((run) => !pending.includes(run));
    const drained = await Promise.all(begun.map((run) => this.#drain(run, Date.now() + DRAIN_MS)));
    await this.#tellEnded([...pending, ...begun.filter((run) => this.#runs.has(run.id))]);
    this.#notifications.close();
    this.#calls.abort(new Error("the worker host stops"));
    const cutShort = drained.filter((idle) => !idle).length;
    this.#log.info("worker-stopped", { runs: runs.length, cutShort });
  }

  async #work(first: RegisteredWorker): Promise<void> {
    let worker = first;
    const { signal } = this.#dequeuing;
    while (!signal.aborted) {
      try {
        await this.#untilFree();
        if (signal.aborted) return;
        for (const message of await this.#engine.dequeue(worker.id, signal)) this.#accept(message, worker);
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn("dequeue-refused", { why: describeError(error) });
        await sleep(500, undefined, { signal }).catch(() => {});
        // An engine with a new database does not know this worker.
        if (error instanceof EngineRefused && error.status === 404)
          worker = await this.#engine.register(this.#build);
      }
    }
  }

  async #untilFree(): Promise<void> {
    while (this.#pool.free <= 0 && !this.#dequeuing.signal.aborted) {
      await new Promise<void>((resolve) => (this.#freed = resolve));
    }
  }

  #accept(message: DequeuedRun, worker: RegisteredWorker): void {
    const id = message.run.friendlyId;
    const earlier = this.#runs.get(id);
    if (earlier?.run.phase === "pending") return earlier.run.handedOutAgain(message);
    // The engine has given up the attempt that still runs here: the new one must not run beside it.
    earlier?.run.abandon();
    const run = new ActiveRun(this.#depsFor(worker), message);
    const ended = (earlier?.ended ?? Promise.resolve())
      .then(() => run.run())
      .catch((error: unknown) => this.#log.error("run-lost", { run: id, why: describeError(error) }))
      .finally(() => {
        if (this.#runs.get(id)?.run === run) this.#runs.delete(id);
        this.#freed?.();
      });
    this.#runs.set(id, { run, ended });
  }

  #depsFor(worker: RegisteredWorker): ActiveRunDeps {
    return {
      engine: this.#engine,
      pool: this.#pool,
      notifications: this.#notifications,
      pidFiles: this.#pidFiles,
      logs: this.#logs,
      log: this.#log,
      worker,
      taskEnv: this.#config.taskEnv,
    };
  }

  /** Whether the run came to a point where it may be ended before the time was up. */
  async #drain(run: ActiveRun, deadline: number): Promise<boolean> {
    while (this.#runs.has(run.id)) {
      if (await run.isIdle()) {
        await sleep(SAVE_MS);
        return true;
      }
      if (Date.now() > deadline) return false;
      await sleep(100);
    }
    return true;
  }

  /** Without an answer the files stay, and the next host tells it. */
  async #tellEnded(runs: ActiveRun[]): Promise<void> {
    if (runs.length === 0) return;
    const ids = runs.map((run) => run.id);
    for (const run of runs) run.abandon();
    const timer = setTimeout(() => this.#calls.abort(), LAST_CALL_MS);
    try {
      await this.#engine.disconnect(ids);
      for (const id of ids) this.#pidFiles.remove(id);
    } catch (error) {
      this.#log.warn("runs-not-told", { runs: ids.length, why: describeError(error) });
    } finally {
      clearTimeout(timer);
    }
  }

  #fork(memoryMb: number): RunProcess {
    const { taskEnv } = this.#config;
    return new RunProcess({ build: this.#build, env: taskEnv, memoryMb });
  }

  #logRetry(call: string, why: string): void {
    if (Date.now() - this.#lastRetryLog < 5_000) return;
    this.#lastRetryLog = Date.now();
    this.#log.warn("engine-away", { call, why });
  }
}
