import { lockKey, type Database, type Tx } from "../database.ts";
import { describeError, type Log } from "../log.ts";
import { transition, type RunEvent, type RunTransition } from "./run-machine.ts";
import type { RunRow } from "./run-rows.ts";
import { RunSignals } from "./run-signals.ts";
import { isFinalStatus } from "./run-status.ts";
import { findRun, lockRun, writeTransition, type RunChange } from "./run-store.ts";
import { idsOf, type Run } from "./run.ts";
import { slotFreed } from "./slots.ts";
import type { CompletedWaitpoint } from "./snapshot.ts";
import { Timers, type TimerKind } from "./timers.ts";
import {
  completeWaitpointsOfChild,
  deleteWaitpointsOf,
  deleteWaitpointsOfAttempt,
} from "./waitpoint-store.ts";

export type RunFinishedListener = (tx: Tx, run: Run) => Promise<void>;

export type EngineTiming = {
  /** How long a dequeue is held open while there is nothing to do. */
  dequeueHoldMs: number;
  /** A run of whose worker nothing was heard for so long has lost it. */
  workerLostMs: number;
  /** A run that was handed out has to be started within this time; less after a restart of this server. */
  startDeadlineMs: number;
  startDeadlineAfterBootMs: number;
  /** How long a worker may take to end a run that was cancelled. */
  cancelGraceMs: number;
  reapEveryMs: number;
};

export const DEFAULT_TIMING: EngineTiming = {
  dequeueHoldMs: 20_000,
  workerLostMs: 90_000,
  startDeadlineMs: 60_000,
  startDeadlineAfterBootMs: 5_000,
  cancelGraceMs: 10_000,
  reapEveryMs: 5_000,
};

type ApplyOptions = {
  change?: RunChange;
  completedWaitpoints?: CompletedWaitpoint[];
  /** The worker learns of it by the answer to its own call. */
  workerKnows?: boolean;
};

/** The only place where the state of a run changes: lock, transition, write, and what follows from it. */
export class RunCore {
  readonly signals = new RunSignals();
  readonly timers: Timers;
  private readonly listeners: RunFinishedListener[] = [];

  constructor(
    readonly db: Database,
    readonly log: Log,
    readonly timing: EngineTiming,
  ) {
    this.timers = new Timers(db, log);
    this.onRunTimer("finished", async (tx, run) => {
      for (const listener of this.listeners) await listener(tx, run);
    });
    this.onRunTimer("enqueue", async (tx, run) => {
      await this.apply(tx, run, { type: "enqueued" });
    });
    this.onRunTimer("expire", async (tx, run) => {
      await this.apply(tx, run, { type: "expired" }, failure("The run was not started within its ttl."));
    });
  }

  /** The effect of a timer whose subject is a run; the run and its session are locked. */
  onRunTimer(kind: TimerKind, effect: (tx: Tx, run: RunRow, payload: unknown) => Promise<void>): void {
    this.timers.on(kind, async (timer, done) => {
      const found = await this.change(timer.subject, async (tx, run) => {
        await effect(tx, run, timer.payload);
        await done(tx);
        return true;
      });
      if (!found) await this.db.transaction(done);
    });
  }

  onRunFinished(listener: RunFinishedListener): void {
    this.listeners.push(listener);
  }

  /** Runs `fn` with the run's session and its row locked, in that order. Null when there is no such run. */
  async change<T>(runId: string, fn: (tx: Tx, run: RunRow) => Promise<T>): Promise<T | null> {
    const known = await findRun(this.db, runId);
    if (!known) return null;
    return this.db.transaction(async (tx) => {
      if (known.sessionId !== null) await lockKey(tx, `session:${known.sessionId}`);
      const run = await lockRun(tx, runId);
      return run && fn(tx, run);
    });
  }

  /** Applies an event to a locked run. Null, and no effect, where the event may not happen in the run's state. */
  async apply(tx: Tx, run: RunRow, event: RunEvent, options: ApplyOptions = {}): Promise<RunRow | null> {
    const next = transition(run, event);
    if (!next) return null;
    const change = outcomeOf(next, run, options.change);
    const updated = await writeTransition(tx, run, next, change, options.completedWaitpoints);
    if (next.retryInMs !== undefined)
      await this.timers.set(tx, "enqueue", run.id, { at: new Date(Date.now() + next.retryInMs) });
    if (updated.executionStatus === "PENDING_CANCEL") await this.armCancel(tx, updated);
    // The next attempt begins from the start: it must not stand still for what this one had waited for.
    if (updated.status === "RETRYING_AFTER_FAILURE") await deleteWaitpointsOfAttempt(tx, run.id);
    if (holdsSlot(run) && !holdsSlot(updated)) await slotFreed(tx, this.timers, updated);
    if (isFinalStatus(updated.status)) await this.finished(tx, updated);
    tx.afterCommit(() => this.announce(run, updated, options));
    return updated;
  }

  private async armCancel(tx: Tx, run: RunRow): Promise<void> {
    await this.timers.set(tx, "cancel-overdue", run.id, {
      at: new Date(Date.now() + this.timing.cancelGraceMs),
    });
  }

  private async finished(tx: Tx, run: RunRow): Promise<void> {
    await tx.query(
      `DELETE FROM local_trigger.timers WHERE subject = $1 AND kind IN ('enqueue', 'expire', 'cancel-overdue', 'resume')`,
      [run.id],
    );
    await deleteWaitpointsOf(tx, run.id);
    for (const blocked of await completeWaitpointsOfChild(tx, run))
      await this.timers.set(tx, "resume", blocked);
    if (run.status === "CANCELED") await this.cancelChildren(tx, run);
    try {
      await tx.savepoint(async () => {
        for (const listener of this.listeners) await listener(tx, run);
      });
    } catch (error) {
      // The run is over whatever its session makes of it; the listener gets another try.
      this.log.error("run.listener-failed", { ...idsOf(run), error: describeError(error) });
      await this.timers.set(tx, "finished", run.id, { at: new Date(Date.now() + 1_000) });
    }
  }

  private async cancelChildren(tx: Tx, run: RunRow): Promise<void> {
    const { rows } = await tx.query<{ id: string }>(
      `SELECT id FROM local_trigger.runs WHERE parent_run_id = $1 AND completed_at IS NULL`,
      [run.id],
    );
    for (const child of rows)
      await this.timers.set(tx, "cancel", child.id, {
        payload: { reason: run.cancelReason ?? "parent canceled" },
      });
  }

  private announce(before: RunRow, run: RunRow, options: ApplyOptions): void {
    this.log.info("run.changed", {
      ...idsOf(run),
      status: run.status,
      execution: run.executionStatus,
      attempt: run.attempt,
    });
    this.signals.changed(run);
    const leftQueue = before.status === "PENDING" && isFinalStatus(run.status);
    if (run.status === "PENDING" || leftQueue || (holdsSlot(before) && !holdsSlot(run)))
      this.signals.queueMoved("queued");
    if (options.workerKnows) return;
    if (!options.completedWaitpoints) return this.signals.notify(run);
    this.signals.notifyRepeatedly(run, async () => {
      const now = await findRun(this.db, run.id);
      return now?.snapshotId === run.snapshotId;
    });
  }
}

function holdsSlot(run: Run): boolean {
  return ["PENDING_EXECUTING", "EXECUTING", "PENDING_CANCEL"].includes(run.executionStatus);
}

/** Output and error belong to the end of a run alone; a cancelled one has no output, whatever its worker says. */
function outcomeOf(next: RunTransition, run: RunRow, change: RunChange = {}): RunChange {
  const { output, outputType, error, ...rest } = change;
  if (!isFinalStatus(next.status)) return rest;
  const outcome = { ...(output === undefined ? {} : { output }), ...(outputType ? { outputType } : {}) };
  if (next.status !== "CANCELED") return { ...rest, ...outcome, ...(error === undefined ? {} : { error }) };
  return { ...rest, ...failure(next.cancelReason ?? run.cancelReason ?? "canceled").change };
}

/** The error that a run gets which ends without a word from its worker. */
export function failure(message: string): { change: RunChange } {
  return { change: { error: { type: "STRING_ERROR", raw: message } } };
}
