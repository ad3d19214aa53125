import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.ts";
import { chatOf, type ChatIds } from "./chat-of-run.ts";
import * as completions from "./completions.ts";
import type { TaskEnv } from "./config.ts";
import { EngineRefused, type EngineClient } from "./engine-client.ts";
import type { Completion, DequeuedRun, LatestSnapshot, StartedAttempt } from "./engine-messages.ts";
import type { WorkerMessage } from "./ipc.ts";
import type { Notifications } from "./notifications.ts";
import type { Pool } from "./pool.ts";
import type { PidFiles, RunLogs } from "./run-files.ts";
import type { ProcessExit, RunProcess } from "./run-process.ts";
import type { TaskVersion } from "./task-versions.ts";

export type ActiveRunDeps = {
  engine: EngineClient;
  pool: Pool;
  notifications: Notifications;
  pidFiles: PidFiles;
  logs: RunLogs;
  log: Log;
  version: TaskVersion;
  taskEnv: TaskEnv;
};

/** How an attempt ended. `gone`: the engine knows already, or is told by somebody else. */
type Outcome = Completion | "gone";

const POLL_MS = 5_000;
const CANCEL_MS = 3_000;

/** One dequeued run, from its process to the accepted report of its end. */
export class ActiveRun {
  readonly id: string;
  /** The code that it runs; that of its first attempt for all of them. */
  readonly version: TaskVersion;
  #deps: ActiveRunDeps;
  #snapshotId: string;
  /** Another run has started it, and may stand and wait for it. */
  readonly #isChild: boolean;
  /** Empty for a run that is not of a session. */
  #chat: ChatIds = {};
  #phase: "pending" | "executing" | "reporting" = "pending";
  #waits = false;
  #cancelling = false;
  #abandoned = false;
  #superseded = false;
  #process: RunProcess | undefined;
  #resolve: ((outcome: Outcome) => void) | undefined;
  #changed = false;
  #refreshing = false;

  constructor(deps: ActiveRunDeps, message: DequeuedRun) {
    this.#deps = deps;
    this.version = deps.version;
    this.id = message.run.friendlyId;
    this.#snapshotId = message.snapshot.friendlyId;
    this.#isChild = message.run.isChild === true;
  }

  /** `pending`: no process has it (yet, or before the next attempt). `reporting`: its end is being told. */
  get phase(): "pending" | "executing" | "reporting" {
    return this.#phase;
  }

  /** The engine took it back and handed it out again, before it was begun here. */
  handedOutAgain(message: DequeuedRun): void {
    this.#snapshotId = message.snapshot.friendlyId;
  }

  /** Attempts until the run is over. Rejects only when the host stops. */
  async run(): Promise<void> {
    this.#deps.pidFiles.claim(this.id);
    try {
      for (let again: number | null = 0; again !== null; again = await this.#attempt()) await sleep(again);
      if (this.#abandoned) return;
      this.#deps.pidFiles.remove(this.id);
    } catch (error) {
      // The host stops. The files stay until the engine was told.
      if (!this.#abandoned) throw error;
    }
  }

  /** True when nothing would be lost by ending it now: it waits, or its chat's last turn is answered. */
  async isIdle(): Promise<boolean> {
    if (this.#phase === "executing" && this.#waits) return true;
    if (this.#phase !== "executing" || this.#chat.sessionId === undefined) return false;
    return this.#deps.engine.isSettled(this.#chat.sessionId).catch(() => false);
  }

  /** There is newer code: a chat hands over to it after its open turn, or before its next one. */
  supersede(): void {
    this.#superseded = true;
    this.#process?.supersede();
  }

  /** Ends the process without a report: the host tells the engine about all of them at once. */
  abandon(): void {
    this.#abandoned = true;
    this.#resolve?.("gone");
  }

  /** What the log says of it: the chat once an attempt was started. */
  get ids() {
    return { runId: this.id, ...this.#chat };
  }

  /** Milliseconds until the next attempt, or null when there is none. */
  async #attempt(): Promise<number | null> {
    const { engine, pool, log } = this.#deps;
    const process = await pool.acquire(this.version.build, this.#isChild).catch(() => undefined);
    if (this.#abandoned) {
      if (process) pool.putBack(process);
      return null;
    }
    const started = await engine.start(this.id, this.#snapshotId).catch(refusedAsNull);
    if (!started) {
      if (process) pool.putBack(process);
      log.info("run-not-started", this.ids);
      return null;
    }
    this.#snapshotId = started.snapshot.friendlyId;
    this.#chat = chatOf(started.execution.run.payload);
    const outcome = process
      ? await this.#execute(process, started)
      : completions.completionOfBootFailure(this.id);
    return outcome === "gone" ? null : this.#report(outcome);
  }

  async #execute(process: RunProcess, started: StartedAttempt): Promise<Outcome> {
    const { notifications, pidFiles, logs, log } = this.#deps;
    this.#process = process;
    process.runIds = this.ids;
    this.#phase = "executing";
    pidFiles.write(this.id, process.pid);
    const runLog = logs.open(this.id);
    notifications.subscribe(this.id, () => this.#wake());
    const poll = setInterval(() => this.#wake(), POLL_MS);
    log.info("run-started", { ...this.ids, pid: process.pid });
    try {
      return await new Promise<Outcome>((resolve) => {
        this.#resolve = resolve;
        process.attach((message) => this.#onMessage(message), runLog.write);
        void process.exited.then((exit) => this.#onExit(exit));
        if (this.#abandoned) return resolve("gone");
        process.send("EXECUTE_TASK_RUN", this.#executePayload(started));
        if (this.#superseded) this.supersede();
        this.#wake();
      });
    } finally {
      clearInterval(poll);
      notifications.unsubscribe(this.id);
      this.#resolve = undefined;
      this.#phase = "reporting";
      process.kill();
      // What it printed last is still on its way.
      void process.closed.then(() => runLog.end());
    }
  }

  #executePayload(started: StartedAttempt): object {
    const { id, contentHash, version } = this.version.worker;
    return {
      execution: started.execution,
      traceContext: started.execution.run.traceContext ?? {},
      metadata: { id, contentHash, version, engine: "V2" },
      env: { ...this.#deps.taskEnv, ...started.envVars, TRIGGER_WORKER_VERSION: version },
      isWarmStart: false,
    };
  }

  #onMessage(message: WorkerMessage): void {
    if (message.type === "TASK_HEARTBEAT") {
      // A refused beat means that the snapshot is an old one.
      this.#deps.engine.heartbeat(this.id, this.#snapshotId).catch(() => this.#wake());
      return;
    }
    const completion = completions.completionOf(this.id, message);
    if (completion) this.#resolve?.(completion);
  }

  #onExit(exit: ProcessExit): void {
    if (!this.#resolve) return;
    this.#deps.log.warn("run-process-exited", { ...this.ids, code: exit.code, signal: exit.signal });
    this.#resolve(
      this.#cancelling
        ? completions.completionOfCancel(this.id)
        : completions.completionOfExit(this.id, exit),
    );
  }

  /** Reads the latest snapshot; a wake-up that comes while one is read leads to one more read. */
  #wake(): void {
    this.#changed = true;
    if (!this.#refreshing) void this.#refresh();
  }

  async #refresh(): Promise<void> {
    this.#refreshing = true;
    try {
      while (this.#changed && this.#resolve) {
        this.#changed = false;
        this.#apply(await this.#deps.engine.latest(this.id));
      }
    } catch (error) {
      if (error instanceof EngineRefused && error.status === 404) this.#resolve?.("gone");
    } finally {
      this.#refreshing = false;
    }
  }

  #apply({ snapshot, completedWaitpoints }: LatestSnapshot): void {
    if (snapshot.friendlyId === this.#snapshotId || !this.#resolve) return;
    this.#snapshotId = snapshot.friendlyId;
    this.#waits = snapshot.executionStatus === "EXECUTING_WITH_WAITPOINTS";
    if (snapshot.executionStatus === "FINISHED") return this.#resolve("gone");
    if (snapshot.executionStatus === "PENDING_CANCEL") return void this.#cancel();
    if (snapshot.executionStatus !== "EXECUTING") return;
    for (const waitpoint of completedWaitpoints) this.#process?.send("RESOLVE_WAITPOINT", { waitpoint });
  }

  /** Lets the task's cancel hooks run, then ends it. */
  async #cancel(): Promise<void> {
    if (this.#cancelling) return;
    this.#cancelling = true;
    await this.#process?.sendAndWait("CANCEL", { timeoutInMs: CANCEL_MS }, CANCEL_MS + 500);
    this.#resolve?.(completions.completionOfCancel(this.id));
  }

  /** Tells how the attempt ended until the engine accepts it. */
  async #report(completion: Completion): Promise<number | null> {
    const { engine, log } = this.#deps;
    for (let tries = 0; tries < 5; tries += 1) {
      try {
        const result = await engine.complete(this.id, this.#snapshotId, completion);
        log.info("run-ended", { ...this.ids, ok: completion.ok, next: result.attemptStatus });
        this.#snapshotId = result.snapshot.friendlyId;
        this.#phase = "pending";
        return result.attemptStatus === "RETRY_IMMEDIATELY" ? (completion.retry?.delay ?? 0) : null;
      } catch (error) {
        if (!(error instanceof EngineRefused)) throw error;
        // The snapshot moved on under the report.
        const latest = error.status === 409 ? await engine.latest(this.id).catch(refusedAsNull) : null;
        if (!latest || latest.snapshot.executionStatus === "FINISHED") break;
        this.#snapshotId = latest.snapshot.friendlyId;
      }
    }
    log.warn("run-report-refused", { ...this.ids, ok: completion.ok });
    return null;
  }
}

function refusedAsNull(error: unknown): null {
  if (error instanceof EngineRefused) return null;
  throw error;
}
