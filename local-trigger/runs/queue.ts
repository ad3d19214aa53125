import type { Tx } from "../database.ts";
import type { Demand } from "./admission.ts";
import type { RunCore } from "./run-core.ts";
import { RUN_COLUMNS, type RunRow } from "./run-rows.ts";
import { latestSnapshot } from "./run-store.ts";
import { DEMAND_COLUMNS, lockSlots, readSlots, type Slots } from "./slots.ts";
import type { Snapshot } from "./snapshot.ts";
import { findWorker, liveWorkerOfVersion, type Worker } from "./worker-store.ts";

/** A run that was handed to a worker, to be started from this snapshot. */
export type Dequeued = { run: RunRow; snapshot: Snapshot; worker: Worker };

export type DequeueOptions = {
  /** The worker has room for runs alone that other runs have started. */
  childrenOnly?: boolean | undefined;
  /** For how many it has room; without it up to ten are handed out. */
  maxRunCount?: number | undefined;
  /** The worker has just started: what was handed to it before and not begun has no process. */
  isFirst?: boolean | undefined;
};

type Candidate = Demand & { id: string; rank: number; position: number; child: boolean };

const BATCH = 10;
const PAGE = 200;
// Somebody holds the row of a run that is next, for a moment.
const LOCKED_AGAIN_MS = 50;

/**
 * Hands queued runs to workers: first in, first out, as far as their queues and limits have room; a run that lost its
 * worker keeps its place.
 */
export class Queue {
  private readonly core: RunCore;
  private readonly maxConcurrentRuns: number;

  constructor(core: RunCore, maxConcurrentRuns: number) {
    this.core = core;
    this.maxConcurrentRuns = maxConcurrentRuns;
  }

  /** Up to ten runs for this worker. With none, holds on until there are, a newer worker is there, or time is up. */
  async dequeue(workerId: string, signal: AbortSignal, options: DequeueOptions = {}): Promise<Dequeued[]> {
    const stopsAsking = this.core.signals.workers.asks();
    try {
      if (options.isFirst) await this.giveBackAll(workerId);
      return await this.nextRuns(workerId, signal, options);
    } finally {
      stopsAsking(!signal.aborted);
    }
  }

  private async nextRuns(
    workerId: string,
    signal: AbortSignal,
    options: DequeueOptions,
  ): Promise<Dequeued[]> {
    const deadline = performance.now() + this.core.timing.dequeueHoldMs;
    for (;;) {
      // Waiting starts before looking: a run that is queued in between ends the wait.
      const next = this.core.signals.nextMove(deadline - performance.now(), signal);
      const taken = signal.aborted ? [] : await this.take(workerId, options);
      if (taken.length > 0) {
        next.cancel();
        return taken;
      }
      if ((await next.move) !== "queued") return [];
    }
  }

  /** Takes back runs whose worker never got the answer that held them. */
  async giveBack(dequeued: Dequeued[]): Promise<void> {
    for (const { run, snapshot } of dequeued) await this.takeBack(run.id, snapshot.id);
  }

  private async giveBackAll(workerId: string): Promise<void> {
    const { rows } = await this.core.db.query<{ id: string; snapshotId: string }>(
      `SELECT id, snapshot_id AS "snapshotId" FROM local_trigger.runs
       WHERE worker_id = $1 AND execution_status = 'PENDING_EXECUTING'`,
      [workerId],
    );
    for (const { id, snapshotId } of rows) await this.takeBack(id, snapshotId);
  }

  private async takeBack(runId: string, snapshotId: string): Promise<void> {
    await this.core.change(runId, async (tx, now) => {
      if (now.snapshotId === snapshotId) await this.core.apply(tx, now, { type: "worker-lost" });
    });
  }

  /** Locks run rows without their sessions: it waits for no row (SKIP LOCKED), so it can hold nobody up for good. */
  private async take(workerId: string, options: DequeueOptions): Promise<Dequeued[]> {
    return this.core.db.transaction(async (tx) => {
      const worker = await findWorker(tx, workerId);
      if (!worker) return [];
      await lockSlots(tx);
      const admitted = await this.admitted(tx, worker, await readSlots(tx, { keepFree: true }), options);
      if (admitted.length === 0) return [];
      const { rows } = await tx.query<RunRow>(
        `SELECT ${RUN_COLUMNS} FROM local_trigger.runs WHERE id = ANY ($1) AND status = 'PENDING'
         ORDER BY queue_rank, queue_position FOR UPDATE SKIP LOCKED`,
        [admitted],
      );
      if (rows.length < admitted.length)
        setTimeout(() => this.core.signals.queueMoved("queued"), LOCKED_AGAIN_MS).unref();
      const taken: Dequeued[] = [];
      for (const run of rows) {
        const dequeued = await this.handOut(tx, run, worker);
        if (dequeued) taken.push(dequeued);
      }
      return taken;
    });
  }

  /**
   * The runs that this worker may have now, in order. A run that finds no room lets those behind it pass. The
   * environment's limit does not hold up runs that others have started: those may stand and wait for them.
   */
  private async admitted(
    tx: Tx,
    worker: Worker,
    { running, admission }: Slots,
    { childrenOnly = false, maxRunCount = BATCH }: DequeueOptions,
  ): Promise<string[]> {
    const batch = Math.min(BATCH, maxRunCount);
    const most = this.maxConcurrentRuns - running;
    const onlyChildren = childrenOnly || most <= 0;
    const admitted: string[] = [];
    let others = 0;
    let last: Candidate | undefined;
    while (admitted.length < batch) {
      const page = await candidatesAfter(tx, worker, last, onlyChildren);
      for (const candidate of page) {
        if (admitted.length === batch || (!candidate.child && others >= most)) continue;
        if (!admission.admit(candidate)) continue;
        admitted.push(candidate.id);
        if (!candidate.child) others += 1;
      }
      last = page.at(-1);
      if (page.length < PAGE) break;
    }
    return admitted;
  }

  private async handOut(tx: Tx, queued: RunRow, newest: Worker): Promise<Dequeued | null> {
    const locked = queued.lockedToVersion ? await liveWorkerOfVersion(tx, queued.lockedToVersion) : null;
    const worker = locked ?? newest;
    const change = { workerId: worker.id, version: worker.version };
    const run = await this.core.apply(tx, queued, { type: "dequeued" }, { change, workerKnows: true });
    return run && { run, snapshot: await latestSnapshot(tx, run), worker };
  }
}

async function candidatesAfter(
  tx: Tx,
  worker: Worker,
  last: Candidate | undefined,
  onlyChildren: boolean,
): Promise<Candidate[]> {
  const { rows } = await tx.query<Candidate>(
    `SELECT r.id, r.queue_rank AS rank, r.queue_position AS position, r.parent_run_id IS NOT NULL AS child,
            ${DEMAND_COLUMNS}
     FROM local_trigger.runs r LEFT JOIN local_trigger.task_queues t USING (task_identifier)
     WHERE r.status = 'PENDING' AND (r.task_identifier = ANY ($1) OR r.locked_to_version IS NOT NULL)
       AND (r.parent_run_id IS NOT NULL OR NOT $4)
       AND ($2::bigint IS NULL OR (r.queue_rank, r.queue_position) > ($2, $3::bigint))
     ORDER BY r.queue_rank, r.queue_position LIMIT ${PAGE}`,
    [worker.tasks.map(({ id }) => id), last?.rank ?? null, last?.position ?? null, onlyChildren],
  );
  return rows;
}
