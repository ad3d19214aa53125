import { setTimeout as sleep } from "node:timers/promises";
import { describeError, type Log } from "../log.ts";
import { ActiveRun, heapLimitMb } from "./active-run.ts";
import type { WorkerConfig } from "./config.ts";
import { EngineClient, EngineRefused } from "./engine-client.ts";
import type { DequeuedRun, RegisteredWorker } from "./engine-messages.ts";
import { freeLeftoverRuns } from "./leftover-runs.ts";
import { Notifications } from "./notifications.ts";
import { Pool } from "./pool.ts";
import { PidFiles, RunLogs } from "./run-files.ts";
import { RunProcess } from "./run-process.ts";
import { readTaskBuild, type TaskBuild } from "./task-build.ts";

// The engine's default machine; spares are made for it.
const DEFAULT_MEMORY_GB = 0.5;
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
  #runs = new Map<string, ActiveRun>();
  #calls = new AbortController();
  #dequeuing = new AbortController();
  #freed: (() => void) | undefined;
  #loop: Promise<void> = Promise.resolve();
  #lastRetryLog = 0;

  private constructor(config: WorkerConfig, log: Log) {
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

  /** Resolves once the engine knows the worker. Waits for an engine that is not up yet. */
  static async start(config: WorkerConfig, log: Log): Promise<WorkerHost> {
    const host = new WorkerHost(config, log);
    try {
      await freeLeftoverRuns({ pidFiles: host.#pidFiles, engine: host.#engine, log });
      const worker = await host.#engine.register(host.#build);
      log.info("worker-ready", {
        worker: worker.id,
        version: worker.version,
        tasks: host.#build.tasks.length,
      });
      host.#loop = host.#work(worker);
      return host;
    } catch (error) {
      host.#close();
      throw error;
    }
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
    const runs = [...this.#runs.values()];
    this.#pool.close();
    await Promise.all(runs.map((run) => this.#drain(run, Date.now() + DRAIN_MS)));
    await this.#tellEnded(runs.filter((run) => this.#runs.has(run.id)));
    this.#close();
    this.#log.info("worker-stopped", { runs: runs.length });
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
    if (this.#runs.has(id)) return;
    const run = new ActiveRun(
      {
        engine: this.#engine,
        pool: this.#pool,
        notifications: this.#notifications,
        pidFiles: this.#pidFiles,
        logs: this.#logs,
        log: this.#log,
        worker,
        taskEnv: this.#config.taskEnv,
      },
      message,
    );
    this.#runs.set(id, run);
    void run
      .run()
      .catch((error: unknown) => this.#log.error("run-lost", { run: id, why: describeError(error) }))
      .finally(() => {
        this.#runs.delete(id);
        this.#freed?.();
      });
  }

  async #drain(run: ActiveRun, deadline: number): Promise<void> {
    while (Date.now() < deadline && this.#runs.has(run.id)) {
      if (await run.isIdle()) {
        await sleep(SAVE_MS);
        return;
      }
      await sleep(100);
    }
  }

  /** Without an answer the pid files stay, and the next host tells it. */
  async #tellEnded(runs: ActiveRun[]): Promise<void> {
    for (const run of runs) run.abandon();
    const ids = runs.filter((run) => run.hasProcess).map((run) => run.id);
    if (ids.length === 0) return;
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

  #close(): void {
    this.#pool.close();
    this.#notifications.close();
    this.#calls.abort();
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
