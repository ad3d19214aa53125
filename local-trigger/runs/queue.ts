import type { Tx } from "../database.ts";
import type { RunCore } from "./run-core.ts";
import { RUN_COLUMNS, type RunRow } from "./run-rows.ts";
import { latestSnapshot } from "./run-store.ts";
import type { Snapshot } from "./snapshot.ts";
import { findWorker, liveWorkerOfVersion, type Worker } from "./worker-store.ts";

/** A run that was handed to a worker, to be started from this snapshot. */
export type Dequeued = { run: RunRow; snapshot: Snapshot; worker: Worker };

const BATCH = 10;

/** Hands queued runs to workers: first in, first out; a run that lost its worker keeps its place. */
export class Queue {
  private readonly core: RunCore;
  private readonly maxConcurrentRuns: number;

  constructor(core: RunCore, maxConcurrentRuns: number) {
    this.core = core;
    this.maxConcurrentRuns = maxConcurrentRuns;
  }

  /** Up to ten runs for this worker. With none, holds on until there are, a newer worker is there, or time is up. */
  async dequeue(workerId: string, signal: AbortSignal): Promise<Dequeued[]> {
    const stopsAsking = this.core.signals.workers.asks();
    try {
      return await this.nextRuns(workerId, signal);
    } finally {
      stopsAsking(!signal.aborted);
    }
  }

  private async nextRuns(workerId: string, signal: AbortSignal): Promise<Dequeued[]> {
    const deadline = Date.now() + this.core.timing.dequeueHoldMs;
    for (;;) {
      // Waiting starts before looking: a run that is queued in between ends the wait.
      const next = this.core.signals.nextMove(deadline - Date.now(), signal);
      const taken = signal.aborted ? [] : await this.take(workerId);
      if (taken.length > 0) {
        next.cancel();
        return taken;
      }
      if ((await next.move) !== "queued") return [];
    }
  }

  /** Takes back runs whose worker never got the answer that held them. */
  async giveBack(dequeued: Dequeued[]): Promise<void> {
    for (const { run, snapshot } of dequeued) {
      await this.core.change(run.id, async (tx, now) => {
        if (now.snapshotId === snapshot.id) await this.core.apply(tx, now, { type: "worker-lost" });
      });
    }
  }

  /** Locks run rows without their sessions: it waits for no lock (SKIP LOCKED), so it can hold nobody up for good. */
  private async take(workerId: string): Promise<Dequeued[]> {
    return this.core.db.transaction(async (tx) => {
      const worker = await findWorker(tx, workerId);
      const free = this.maxConcurrentRuns - (await this.slotsInUse(tx));
      if (!worker || free <= 0) return [];
      const { rows } = await tx.query<RunRow>(
        `SELECT ${RUN_COLUMNS} FROM local_trigger.runs
         WHERE status = 'PENDING' AND (task_identifier = ANY ($1) OR locked_to_version IS NOT NULL)
         ORDER BY queue_position LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [worker.tasks.map(({ id }) => id), Math.min(free, BATCH)],
      );
      const taken: Dequeued[] = [];
      for (const run of rows) {
        const dequeued = await this.handOut(tx, run, worker);
        if (dequeued) taken.push(dequeued);
      }
      return taken;
    });
  }

  private async handOut(tx: Tx, queued: RunRow, newest: Worker): Promise<Dequeued | null> {
    const locked = queued.lockedToVersion ? await liveWorkerOfVersion(tx, queued.lockedToVersion) : null;
    const worker = locked ?? newest;
    const change = { workerId: worker.id, version: worker.version };
    const run = await this.core.apply(tx, queued, { type: "dequeued" }, { change, workerKnows: true });
    return run && { run, snapshot: await latestSnapshot(tx, run), worker };
  }

  /** A run that waits needs no slot: any number of chats may stand idle. */
  private async slotsInUse(tx: Tx): Promise<number> {
    const { rows } = await tx.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM local_trigger.runs
       WHERE execution_status IN ('PENDING_EXECUTING', 'EXECUTING', 'PENDING_CANCEL')`,
    );
    return rows[0]?.n ?? 0;
  }
}
