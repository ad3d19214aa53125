import { describeError } from "../log.ts";
import { failure, type RunCore } from "./run-core.ts";
import type { ExecutionStatus } from "./run-status.ts";
import { idsOf, type Run } from "./run.ts";

type LiveRun = Pick<Run, "id" | "sessionId" | "chatId"> & { executionStatus: ExecutionStatus; since: Date };

/**
 * Finds runs whose worker has vanished without a word. What was heard of a run is kept in memory only: after a restart
 * of this server every worker gets the whole time again, and so it does after the machine has slept.
 */
export class Reaper {
  private readonly core: RunCore;
  private readonly heard = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private floor = performance.now();
  private lastTick = performance.now();
  private clockAhead = aheadOfTimer();

  constructor(core: RunCore) {
    this.core = core;
    core.signals.onChange((run) => {
      if (run.completedAt) this.heard.delete(run.id);
    });
  }

  start(): void {
    this.floor = this.lastTick = performance.now();
    this.timer = setInterval(() => this.tick(), this.core.timing.reapEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** A worker has shown that it still has this run. */
  heardOf(runId: string): void {
    this.heard.set(runId, performance.now());
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
    const now = performance.now();
    const ahead = aheadOfTimer();
    // A timer that comes late, and a wall clock that jumped: the machine has slept, or its clock was set.
    const slip = Math.max(now - this.lastTick, Math.abs(ahead - this.clockAhead));
    if (slip > this.core.timing.reapEveryMs * 3) this.floor = now;
    this.lastTick = now;
    this.clockAhead = ahead;
    this.running ??= this.reap()
      .catch((error: unknown) => this.core.log.error("reaper.failed", { error: describeError(error) }))
      .finally(() => (this.running = undefined));
  }

  private async reap(): Promise<void> {
    const { rows } = await this.core.db.query<LiveRun>(
      `SELECT r.id, r.session_id AS "sessionId", r.chat_id AS "chatId", r.execution_status AS "executionStatus", s.created_at AS since
       FROM local_trigger.runs r JOIN local_trigger.run_snapshots s ON s.id = r.snapshot_id
       WHERE r.execution_status IN ('PENDING_EXECUTING', 'EXECUTING', 'EXECUTING_WITH_WAITPOINTS', 'PENDING_CANCEL')`,
    );
    for (const run of rows.filter((row) => this.isLost(row))) {
      this.core.log.warn("run.worker-lost", { ...idsOf(run), execution: run.executionStatus });
      await this.workerLost(run.id);
    }
  }

  private isLost(run: LiveRun): boolean {
    const { startDeadlineMs, startDeadlineAfterBootMs, workerLostMs } = this.core.timing;
    const sinceFloor = performance.now() - this.floor;
    const byWallClock = Date.now() - run.since.getTime();
    // A moment that lies ahead was stored before the clock was put back.
    const isOlder = byWallClock < 0 || byWallClock > sinceFloor;
    const age = isOlder ? sinceFloor : byWallClock;
    if (run.executionStatus === "PENDING_EXECUTING")
      return age > (isOlder ? startDeadlineAfterBootMs : startDeadlineMs);
    return Math.min(age, performance.now() - (this.heard.get(run.id) ?? -Infinity)) > workerLostMs;
  }
}

/** How far the wall clock is ahead of the one that does not jump; constant, in milliseconds, while neither is set. */
const aheadOfTimer = (): number => Date.now() - performance.now();
