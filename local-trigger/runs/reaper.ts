import { describeError } from "../log.ts";
import { failure, type RunCore } from "./run-core.ts";
import type { ExecutionStatus } from "./run-status.ts";

type LiveRun = { id: string; executionStatus: ExecutionStatus; since: Date };

/**
 * Finds runs whose worker has vanished without a word. What was heard of a run is kept in memory only: after a restart
 * of this server every worker gets the whole time again, and so it does after the machine has slept.
 */
export class Reaper {
  private readonly core: RunCore;
  private readonly heard = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private floor = Date.now();
  private lastTick = Date.now();

  constructor(core: RunCore) {
    this.core = core;
    core.signals.onChange((run) => {
      if (run.completedAt) this.heard.delete(run.id);
    });
  }

  start(): void {
    this.floor = this.lastTick = Date.now();
    this.timer = setInterval(() => this.tick(), this.core.timing.reapEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** A worker has shown that it still has this run. */
  heardOf(runId: string): void {
    this.heard.set(runId, Date.now());
    this.core.signals.workers.reports();
  }

  /** Its worker is known to be gone: queue it again, retry it or end it. */
  async workerLost(runId: string): Promise<boolean> {
    const lost = await this.core.change(runId, (tx, run) =>
      this.core.apply(
        tx,
        run,
        { type: "worker-lost" },
        failure("The process that executed this run is gone."),
      ),
    );
    return lost !== null;
  }

  private tick(): void {
    const now = Date.now();
    if (now - this.lastTick > this.core.timing.reapEveryMs * 3) this.floor = now;
    this.lastTick = now;
    this.running ??= this.reap()
      .catch((error: unknown) => this.core.log.error("reaper.failed", { error: describeError(error) }))
      .finally(() => (this.running = undefined));
  }

  private async reap(): Promise<void> {
    const { rows } = await this.core.db.query<LiveRun>(
      `SELECT r.id, r.execution_status AS "executionStatus", s.created_at AS since
       FROM local_trigger.runs r JOIN local_trigger.run_snapshots s ON s.id = r.snapshot_id
       WHERE r.execution_status IN ('PENDING_EXECUTING', 'EXECUTING', 'EXECUTING_WITH_WAITPOINTS', 'PENDING_CANCEL')`,
    );
    for (const run of rows.filter((row) => this.isLost(row))) {
      this.core.log.warn("run.worker-lost", { runId: run.id, execution: run.executionStatus });
      await this.workerLost(run.id);
    }
  }

  private isLost(run: LiveRun): boolean {
    const { startDeadlineMs, startDeadlineAfterBootMs, workerLostMs } = this.core.timing;
    const since = run.since.getTime();
    if (run.executionStatus === "PENDING_EXECUTING") {
      const limit = since < this.floor ? startDeadlineAfterBootMs : startDeadlineMs;
      return Date.now() - Math.max(since, this.floor) > limit;
    }
    return Date.now() - Math.max(this.heard.get(run.id) ?? 0, since, this.floor) > workerLostMs;
  }
}
