import type { Database } from "../database.ts";
import type { RunEngine } from "../runs/run-engine.ts";
import type { TimerKind } from "../runs/timers.ts";
import { RUN_COLUMNS, type RunRow } from "../runs/run-rows.ts";
import { blockersOf } from "../runs/waitpoint-store.ts";
import { isFinalStatus } from "../runs/run-status.ts";
import { obstacleOf } from "../runs/slots.ts";
import type { EngineFacts, RunFacts } from "./why.ts";

type Counts = { executing: number; waiting: number; queued: number; delayed: number; sessions: number };
export type Overview = EngineFacts & Counts & { oldestQueued: Date | null };

/** How many runs are in which kind of state, and what the worker does. */
export async function readOverview(runs: RunEngine): Promise<Overview> {
  const { rows } = await runs.db.query<Counts & { oldestQueued: Date | null }>(`
    SELECT count(*) FILTER (WHERE execution_status IN ('PENDING_EXECUTING', 'EXECUTING', 'PENDING_CANCEL'))::int AS executing,
      count(*) FILTER (WHERE execution_status = 'EXECUTING_WITH_WAITPOINTS')::int AS waiting,
      count(*) FILTER (WHERE status = 'PENDING')::int AS queued,
      count(*) FILTER (WHERE execution_status IN ('QUEUED', 'RUN_CREATED') AND status <> 'PENDING')::int AS delayed,
      min(queued_at) FILTER (WHERE status = 'PENDING') AS "oldestQueued",
      (SELECT count(*)::int FROM local_trigger.sessions WHERE closed_at IS NULL) AS sessions
    FROM local_trigger.runs WHERE completed_at IS NULL`);
  const counts = rows[0] ?? {
    executing: 0,
    waiting: 0,
    queued: 0,
    delayed: 0,
    sessions: 0,
    oldestQueued: null,
  };
  return {
    ...counts,
    worker: runs.signals.workers.state,
    slotsUsed: counts.executing,
    slots: runs.maxConcurrentRuns,
  };
}

type QueueFacts = { ahead: number; retryAt: Date | null; inLine: boolean; isKnown: boolean };

/** What explains the state of a run. */
export async function readRunFacts(db: Database, run: RunRow): Promise<RunFacts> {
  const facts: RunFacts = {
    run,
    ahead: null,
    blockers: [],
    retryAt: null,
    obstacle: null,
    inLine: false,
    isKnown: true,
  };
  if (isFinalStatus(run.status)) return facts;
  const isQueued = run.status === "PENDING";
  const [blockers, { rows }, obstacle] = await Promise.all([
    blockersOf(db, run.id),
    db.query<QueueFacts>(
      `SELECT (SELECT count(*)::int FROM local_trigger.runs o WHERE o.status = 'PENDING'
           AND o.queue_position < r.queue_position) AS ahead,
         (SELECT min(fire_at) FROM local_trigger.timers WHERE subject = r.id AND kind = 'enqueue') AS "retryAt",
         r.awaits_slot AS "inLine",
         coalesce((SELECT r.task_identifier = ANY (w.task_ids) FROM local_trigger.workers w ORDER BY w.seq DESC LIMIT 1),
           true) AS "isKnown"
       FROM local_trigger.runs r WHERE r.id = $1`,
      [run.id],
    ),
    isQueued ? obstacleOf(db, run.id) : null,
  ]);
  const known = rows[0];
  if (!known) return { ...facts, blockers };
  return { ...facts, ...known, blockers, obstacle, ahead: isQueued ? known.ahead : null };
}

/** Runs that have not ended, those that want a worker first, then the ones that changed last. */
export async function liveRuns(db: Database, limit: number): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM local_trigger.runs WHERE completed_at IS NULL
     ORDER BY (execution_status = 'EXECUTING_WITH_WAITPOINTS'), updated_at DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** The newest runs that ended badly. */
export async function badRuns(db: Database, limit: number): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM local_trigger.runs
     WHERE status IN ('COMPLETED_WITH_ERRORS', 'CRASHED', 'SYSTEM_FAILURE', 'TIMED_OUT')
     ORDER BY number DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

export type DueTimer = { kind: TimerKind; subject: string; fireAt: Date; runId: string | null };

/** What is due next. A waitpoint's timer names the run that waits. */
export async function nextTimers(db: Database, limit: number): Promise<DueTimer[]> {
  const { rows } = await db.query<DueTimer>(
    `SELECT t.kind, t.subject, t.fire_at AS "fireAt",
       CASE WHEN t.subject LIKE 'run\\_%' THEN t.subject ELSE w.run_id END AS "runId"
     FROM local_trigger.timers t LEFT JOIN local_trigger.waitpoints w ON w.id = t.subject
     ORDER BY t.fire_at, t.id LIMIT $1`,
    [limit],
  );
  return rows;
}

export type RunStep = {
  id: string;
  attempt: number;
  executionStatus: string;
  description: string;
  createdAt: Date;
};

/** The newest states that a run went through, oldest first. */
export async function runSteps(db: Database, runId: string, limit: number): Promise<RunStep[]> {
  const { rows } = await db.query<RunStep>(
    `SELECT id, attempt, execution_status AS "executionStatus", description, created_at AS "createdAt"
     FROM local_trigger.run_snapshots WHERE run_id = $1 ORDER BY created_at DESC, id LIMIT $2`,
    [runId, limit],
  );
  return rows.reverse();
}

/** The names of the tasks that have runs. */
export async function knownTasks(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT DISTINCT unnest(task_ids) AS id FROM
       (SELECT task_ids FROM local_trigger.workers ORDER BY seq DESC LIMIT 5) newest ORDER BY 1`,
  );
  return rows.map(({ id }) => id);
}
