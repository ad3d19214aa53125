import type { Tx } from "../database.ts";
import { changeOf, eventOf, type Completion } from "./completion.ts";
import type { RunCore } from "./run-core.ts";
import { flushedChange, type RunNotes } from "./run-notes.ts";
import type { RunRow } from "./run-rows.ts";
import { isFinalStatus } from "./run-status.ts";
import { findSnapshot, latestSnapshot } from "./run-store.ts";
import type { Snapshot } from "./snapshot.ts";
import { findWorker, taskOf, type Worker } from "./worker-store.ts";

type RunAndSnapshot = { run: RunRow; snapshot: Snapshot };
export type StartedAttempt = RunAndSnapshot & { worker: Worker | null };
export type CompletedAttempt = RunAndSnapshot & {
  attemptStatus: "RUN_FINISHED" | "RETRY_IMMEDIATELY" | "RETRY_QUEUED";
};

/** Attempts of runs by workers. Each call names the snapshot that the worker knows; `stale` when that has been overtaken. */
export class Attempts {
  private readonly core: RunCore;
  private readonly notes: RunNotes;

  constructor(core: RunCore, notes: RunNotes) {
    this.core = core;
    this.notes = notes;
  }

  /** A start that is repeated because its answer was lost gets the same answer. */
  async start(runId: string, snapshotId: string): Promise<StartedAttempt | "stale" | null> {
    return this.core.change(runId, async (tx, run) => {
      const worker = run.workerId === null ? null : await findWorker(tx, run.workerId);
      if (run.startedFrom === snapshotId && run.executionStatus === "EXECUTING" && run.status === "EXECUTING")
        return { run, snapshot: await latestSnapshot(tx, run), worker };
      if (run.snapshotId !== snapshotId) return "stale";
      const task = worker && taskOf(worker, run.taskIdentifier);
      const change = {
        startedFrom: snapshotId,
        maxAttempts: run.maxAttempts ?? task?.retry?.maxAttempts ?? null,
      };
      const started = await this.core.apply(
        tx,
        run,
        { type: "attempt-started" },
        { change, workerKnows: true },
      );
      return started ? { run: started, snapshot: await latestSnapshot(tx, started), worker } : "stale";
    });
  }

  /**
   * Ends an attempt. Any snapshot of the running attempt will do: a waitpoint or a cancel may have moved the run on
   * while the worker was about to report. A run that is final already stays as it is.
   */
  async complete(
    runId: string,
    snapshotId: string,
    result: Completion,
  ): Promise<CompletedAttempt | "stale" | null> {
    return this.core.change(runId, async (tx, run) => {
      if (isFinalStatus(run.status)) return answer(tx, run);
      if (!(await this.isOfRunningAttempt(tx, run, snapshotId))) return "stale";
      if (run.status === "RETRYING_AFTER_FAILURE") return answer(tx, run);
      const change = flushedChange(result.flushedMetadata);
      const noted = change ? await this.notes.applyChange(tx, run, change) : run;
      const options = { change: changeOf(result, run.usageDurationMs), workerKnows: true };
      const next = await this.core.apply(tx, noted, eventOf(result), options);
      return next ? answer(tx, next) : "stale";
    });
  }

  private async isOfRunningAttempt(tx: Tx, run: RunRow, snapshotId: string): Promise<boolean> {
    if (snapshotId === run.snapshotId) return true;
    const snapshot = await findSnapshot(tx, run.id, snapshotId);
    return snapshot?.attempt === run.attempt && snapshot.executionStatus.startsWith("EXECUTING");
  }
}

async function answer(tx: Tx, run: RunRow): Promise<CompletedAttempt> {
  const snapshot = await latestSnapshot(tx, run);
  if (isFinalStatus(run.status)) return { run, snapshot, attemptStatus: "RUN_FINISHED" };
  return {
    run,
    snapshot,
    attemptStatus: run.executionStatus === "EXECUTING" ? "RETRY_IMMEDIATELY" : "RETRY_QUEUED",
  };
}
