import { setTimeout as sleep } from "node:timers/promises";
import { describeError, type Log } from "../log.ts";
import { ActiveRun, type ActiveRunDeps } from "./active-run.ts";
import type { WorkerConfig } from "./config.ts";
import { EngineClient, EngineRefused } from "./engine-client.ts";
import type { DequeuedRun } from "./engine-messages.ts";
import { freeLeftoverRuns } from "./leftover-runs.ts";
import { MemoryLimit } from "./memory-limit.ts";
import { Notifications } from "./notifications.ts";
import { BOOT_TIMEOUT_MS, Pool } from "./pool.ts";
import { PidFiles, RunLogs } from "./run-files.ts";
import { RunProcess } from "./run-process.ts";
import { readTaskBuild, type TaskBuild } from "./task-build.ts";
import { TaskVersions, type TaskVersion } from "./task-versions.ts";

const DRAIN_MS = 3_000;
// Between the turn's last record and the end of its process: the answer is being saved.
const SAVE_MS = 300;
const LAST_CALL_MS = 1_000;

/** The worker of `npm start`: takes runs from the engine and gives each a process of its own. */
export class WorkerHost {
  #config: WorkerConfig;
  #log: Log;
  #firstBuild: TaskBuild;
  #versions: TaskVersions | undefined;
  #deploying: Promise<void> = Promise.resolve();
  #memory: MemoryLimit;
  #pool: Pool;
  #engine: EngineClient;
  #notifications: Notifications;
  #pidFiles: PidFiles;
  #logs: RunLogs;
  #runs = new Map<string, { run: ActiveRun; ended: Promise<void> }>();
  #calls = new AbortController();
  #dequeuing = new AbortController();
  #freed: (() => void) | undefined;
  #hasAsked = false;
  #loop: Promise<void> = Promise.resolve();
  #lastRetryLog = 0;

  /** Begins to make spares. Throws one line when there is no build of the tasks. */
  constructor(config: WorkerConfig, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#firstBuild = readTaskBuild(config.buildDir);
    this.#pidFiles = new PidFiles(config.pidDir);
    this.#logs = new RunLogs(config.logDir);
    this.#engine = new EngineClient({
      ...config,
      signal: this.#calls.signal,
      onRetry: (call, why) => this.#logRetry(call, why),
    });
    this.#notifications = new Notifications(config);
    this.#memory = new MemoryLimit({ limitMb: config.memoryMb, log });
    this.#pool = new Pool({
      fork: (build) => this.#fork(build),
      log,
      spares: config.spares,
      maxProcesses: config.maxProcesses,
      build: this.#firstBuild,
    });
  }

  /** Resolves once the engine knows the worker; waits for an engine that is not up yet. */
  async start(): Promise<void> {
    await freeLeftoverRuns({ pidFiles: this.#pidFiles, engine: this.#engine, log: this.#log });
    const version = await this.#register(this.#firstBuild);
    const versions = (this.#versions = new TaskVersions(version));
    this.#log.info("worker-ready", { ...described(version), ms: Math.round(performance.now()) });
    this.#loop = this.#work(versions);
  }

  /**
   * Looks again at where the build lies. A new one takes all runs from now on; runs of the old one end their open turn
   * and hand over. A build that is damaged or does not start changes nothing. Never rejects.
   */
  deploy(): Promise<void> {
    this.#deploying = this.#deploying
      .then(() => this.#deploy())
      .catch((error: unknown) => this.#log.error("deploy-refused", { why: describeError(error) }));
    return this.#deploying;
  }

  async #deploy(): Promise<void> {
    const versions = this.#versions;
    const build = readTaskBuild(this.#config.buildDir);
    if (!versions || build.dir === versions.newest.build.dir) return this.#log.info("deploy-unchanged");
    const first = this.#fork(build);
    await loaded(first);
    const version = await this.#register(build).catch((error: unknown) => {
      first.kill();
      throw error;
    });
    if (this.#dequeuing.signal.aborted) return first.kill();
    versions.add(version);
    this.#pool.use(build, first);
    const old = [...this.#runs.values()].map(({ run }) => run);
    versions.keepOnly(old.map((run) => run.version));
    for (const run of old) run.supersede();
    this.#log.info("deployed", { ...described(version), runsOnOlder: old.length });
  }

  async #register(build: TaskBuild): Promise<TaskVersion> {
    return { build, worker: await this.#engine.register(build) };
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
    const drained = await Promise.all(begun.map((run) => this.#drain(run, performance.now() + DRAIN_MS)));
    await this.#tellEnded([...pending, ...begun.filter((run) => this.#runs.has(run.id))]);
    this.#notifications.close();
    this.#memory.stop();
    this.#calls.abort(new Error("the worker host stops"));
    const cutShort = drained.filter((idle) => !idle).length;
    this.#log.info("worker-stopped", { runs: runs.length, cutShort });
  }

  async #work(versions: TaskVersions): Promise<void> {
    const { signal } = this.#dequeuing;
    while (!signal.aborted) {
      try {
        await this.#untilFree();
        if (signal.aborted) return;
        for (const message of await this.#dequeue(versions.newest.worker.id)) this.#accept(message, versions);
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn("dequeue-refused", { why: describeError(error) });
        await sleep(500, undefined, { signal }).catch(() => {});
        // An engine with a new database does not know this worker.
        if (error instanceof EngineRefused && error.status === 404) await this.#registerAgain(versions);
      }
    }
  }

  async #registerAgain(versions: TaskVersions): Promise<void> {
    try {
      versions.add(await this.#register(versions.newest.build));
    } catch (error) {
      this.#log.warn("worker-not-registered", { why: describeError(error) });
    }
  }

  /** With room for children alone the question is asked anew as soon as a run ends. */
  async #dequeue(workerId: string): Promise<DequeuedRun[]> {
    const stop = this.#dequeuing.signal;
    const childrenOnly = this.#pool.free <= 0;
    const maxRunCount = childrenOnly ? this.#pool.freeForChildren : this.#pool.free;
    const freed = new AbortController();
    if (childrenOnly) this.#freed = () => this.#pool.free > 0 && freed.abort();
    try {
      const options = { childrenOnly, maxRunCount, isFirst: !this.#hasAsked };
      const signal = AbortSignal.any([stop, freed.signal]);
      const messages = await this.#engine.dequeue(workerId, signal, options);
      this.#hasAsked = true;
      return messages;
    } catch (error) {
      if (freed.signal.aborted && !stop.aborted) return [];
      throw error;
    } finally {
      this.#freed = undefined;
    }
  }

  async #untilFree(): Promise<void> {
    while (this.#pool.free <= 0 && this.#pool.freeForChildren <= 0 && !this.#dequeuing.signal.aborted) {
      await new Promise<void>((resolve) => (this.#freed = resolve));
    }
  }

  #accept(message: DequeuedRun, versions: TaskVersions): void {
    const id = message.run.friendlyId;
    const earlier = this.#runs.get(id);
    if (earlier?.run.phase === "pending") return earlier.run.handedOutAgain(message);
    // The engine has given up the attempt that still runs here: the new one must not run beside it.
    earlier?.run.abandon();
    const version = versions.of(message.backgroundWorker.friendlyId);
    const run = new ActiveRun(this.#depsFor(version), message);
    // It was handed out while the newer version came.
    if (version !== versions.newest) run.supersede();
    const ended = (earlier?.ended ?? Promise.resolve())
      .then(() => run.run())
      .catch((error: unknown) => this.#log.error("run-lost", { ...run.ids, why: describeError(error) }))
      .finally(() => {
        if (this.#runs.get(id)?.run === run) this.#runs.delete(id);
        this.#freed?.();
      });
    this.#runs.set(id, { run, ended });
  }

  #depsFor(version: TaskVersion): ActiveRunDeps {
    return {
      engine: this.#engine,
      pool: this.#pool,
      notifications: this.#notifications,
      pidFiles: this.#pidFiles,
      logs: this.#logs,
      log: this.#log,
      version,
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
      if (performance.now() > deadline) return false;
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

  #fork(build: TaskBuild): RunProcess {
    const { taskEnv, memoryMb } = this.#config;
    const process = new RunProcess({ build, env: taskEnv, memoryMb });
    this.#memory.watch(process);
    return process;
  }

  #logRetry(call: string, why: string): void {
    if (Date.now() - this.#lastRetryLog < 5_000) return;
    this.#lastRetryLog = Date.now();
    this.#log.warn("engine-away", { call, why });
  }
}

/** Throws, and ends the process, when its code does not come to its end in time. */
async function loaded(process: RunProcess): Promise<void> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    process.kill();
  }, BOOT_TIMEOUT_MS);
  try {
    await process.ready;
  } catch (error) {
    if (!late) throw error;
    throw new Error(
      `Its code was not loaded within ${BOOT_TIMEOUT_MS / 1_000} s: something at the top level of a task's file waits.`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

function described({ worker, build }: TaskVersion): object {
  const { id, version, contentHash } = worker;
  return { worker: id, version, build: contentHash, tasks: build.tasks.length };
}
