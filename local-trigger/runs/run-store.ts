import type { Tx } from "../database.ts";
import { newId } from "../wire/ids.ts";
import { initialState, type RunTransition } from "./run-machine.ts";
import { isFinalStatus } from "./run-status.ts";
import { RUN_COLUMNS, type RunRow } from "./run-rows.ts";
import type { CreateRun, Run } from "./run.ts";
import type { CompletedWaitpoint, Snapshot } from "./snapshot.ts";

type Reader = Pick<Tx, "query">;

/** Fields that a transition may set beside the state. */
export type RunChange = Partial<
  Pick<
    RunRow,
    | "workerId"
    | "version"
    | "maxAttempts"
    | "output"
    | "outputType"
    | "error"
    | "usageDurationMs"
    | "startedFrom"
    | "inputAtCancel"
  >
>;

/** Milliseconds: where a run that is queued at this moment stands in line. */
function rankAt(moment: string): string {
  return `floor(extract(epoch from ${moment}::timestamptz) * 1000)::bigint`;
}

export async function findRun(db: Reader, runId: string): Promise<RunRow | null> {
  const { rows } = await db.query<RunRow>(`SELECT ${RUN_COLUMNS} FROM local_trigger.runs WHERE id = $1`, [
    runId,
  ]);
  return rows[0] ?? null;
}

/** The run, locked until the transaction ends. Lock its session first. */
export async function lockRun(tx: Tx, runId: string): Promise<RunRow | null> {
  const { rows } = await tx.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM local_trigger.runs WHERE id = $1 FOR UPDATE`,
    [runId],
  );
  return rows[0] ?? null;
}

/** Inserts a run and its first snapshot. A parent that does not exist is left out. */
export async function insertRun(tx: Tx, input: CreateRun): Promise<RunRow> {
  const parent = input.parentRunId ? await findRun(tx, input.parentRunId) : null;
  const state = initialState(input.delayUntil !== undefined);
  const now = new Date();
  const queued = state.status === "PENDING";
  const { rows } = await tx.query<RunRow>(
    `INSERT INTO local_trigger.runs (id, session_id, task_identifier, status, execution_status, snapshot_id,
       payload, payload_type, tags, metadata, metadata_type, max_attempts, max_duration, locked_to_version,
       parent_run_id, root_run_id, depth, trigger_function, idempotency_key, is_test, ttl, delay_until,
       created_at, updated_at, queued_at, queue_position, batch_id, concurrency_key, priority_ms, queue_rank,
       queue, limits, schedule_id, chat_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
       $23, $23, $24, CASE WHEN $25 THEN nextval('local_trigger.queue_positions') END, $26, $27, $28::bigint,
       CASE WHEN $25 THEN ${rankAt("$23")} - $28::bigint END,
       coalesce($29, (SELECT queue FROM local_trigger.task_queues WHERE task_identifier = $3)),
       CASE WHEN $30::text[] IS NULL THEN (SELECT limits FROM local_trigger.task_queues WHERE task_identifier = $3)
         ELSE array_remove(array_prepend(
           (SELECT own_limit FROM local_trigger.task_queues WHERE task_identifier = $3), $30::text[]), NULL) END, $31, $32)
     RETURNING ${RUN_COLUMNS}`,
    [
      newId("run"),
      input.sessionId ?? null,
      input.taskIdentifier,
      state.status,
      state.executionStatus,
      newId("snapshot"),
      input.payload,
      input.payloadType ?? "application/json",
      [...new Set(input.tags ?? [])],
      input.metadata ?? null,
      input.metadataType ?? "application/json",
      input.maxAttempts ?? null,
      input.maxDuration ?? null,
      input.lockToVersion ?? null,
      parent?.id ?? null,
      parent ? (parent.rootRunId ?? parent.id) : null,
      parent ? parent.depth + 1 : 0,
      input.triggerFunction ?? "trigger",
      input.idempotency?.key ?? null,
      input.isTest ?? false,
      input.ttl ?? null,
      input.delayUntil ?? null,
      now,
      queued ? now : null,
      queued,
      input.batchId ?? null,
      input.concurrencyKey ?? null,
      input.priorityMs ?? 0,
      input.queue ?? null,
      input.limits ?? null,
      input.scheduleId ?? null,
      input.chatId ?? null,
    ],
  );
  const run = rows[0];
  if (!run) throw new Error("An inserted run came back as no row.");
  await insertSnapshot(tx, run, "created", []);
  return run;
}

/** Writes a transition: the new state of the run and the snapshot that tells workers of it. */
export async function writeTransition(
  tx: Tx,
  run: RunRow,
  next: RunTransition,
  change: RunChange = {},
  completedWaitpoints: CompletedWaitpoint[] = [],
): Promise<RunRow> {
  const now = new Date();
  const started = next.attempt > run.attempt;
  const final = isFinalStatus(next.status);
  const merged = { ...run, ...change };
  const { rows } = await tx.query<RunRow>(
    `UPDATE local_trigger.runs SET
       status = $2, execution_status = $3, snapshot_id = $4, attempt = $5, cancel_reason = $6,
       worker_id = $7, version = $8, max_attempts = $9, output = $10, output_type = $11, error = $12,
       usage_duration_ms = $13, started_from = $14, input_at_cancel = $18, updated_at = ${LATER},
       queued_at = CASE WHEN $2 = 'PENDING' THEN $15 ELSE queued_at END,
       queue_position = CASE WHEN $2 = 'PENDING' THEN coalesce(queue_position, nextval('local_trigger.queue_positions'))
                             WHEN $16 THEN NULL ELSE queue_position END,
       queue_rank = CASE WHEN $2 = 'PENDING' THEN coalesce(queue_rank, ${rankAt("$15")} - priority_ms)
                         WHEN $16 THEN NULL ELSE queue_rank END,
       awaits_slot = awaits_slot AND $3 = 'EXECUTING_WITH_WAITPOINTS',
       attempt_started_at = CASE WHEN $16 THEN $15 ELSE attempt_started_at END,
       started_at = CASE WHEN $16 THEN coalesce(started_at, $15) ELSE started_at END,
       completed_at = CASE WHEN $17 THEN $15::timestamptz ELSE completed_at END
     WHERE id = $1 RETURNING ${RUN_COLUMNS}`,
    [
      run.id,
      next.status,
      next.executionStatus,
      newId("snapshot"),
      next.attempt,
      next.cancelReason ?? run.cancelReason,
      merged.workerId,
      merged.version,
      merged.maxAttempts,
      merged.output,
      merged.outputType,
      merged.error === null ? null : JSON.stringify(merged.error),
      merged.usageDurationMs,
      merged.startedFrom,
      now,
      started,
      final,
      merged.inputAtCancel,
    ],
  );
  const updated = rows[0];
  if (!updated) throw new Error(`The run ${run.id} is gone.`);
  await insertSnapshot(tx, updated, next.description, completedWaitpoints);
  if (final) await thinSnapshots(tx, updated);
  return updated;
}

const KEPT_SNAPSHOTS = 100;

/** Of a finished run the last steps are kept for people to see, without what its waits were answered with. */
async function thinSnapshots(tx: Tx, run: RunRow): Promise<void> {
  await tx.query(
    `DELETE FROM local_trigger.run_snapshots WHERE run_id = $1 AND id NOT IN (
       SELECT id FROM local_trigger.run_snapshots WHERE run_id = $1 ORDER BY created_at DESC, id LIMIT ${KEPT_SNAPSHOTS})
       AND id <> $2`,
    [run.id, run.snapshotId],
  );
  await tx.query(
    `UPDATE local_trigger.run_snapshots SET completed_waitpoints = '[]'
     WHERE run_id = $1 AND completed_waitpoints <> '[]'`,
    [run.id],
  );
}

/** Strictly later than before, so that a reader of the feed sees every change. $15 is now. */
const LATER = `greatest($15::timestamptz, updated_at + interval '1 millisecond')`;

async function insertSnapshot(
  tx: Tx,
  run: RunRow,
  description: string,
  completedWaitpoints: CompletedWaitpoint[],
): Promise<void> {
  await tx.query(
    `INSERT INTO local_trigger.run_snapshots
       (id, run_id, attempt, execution_status, description, completed_waitpoints, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      run.snapshotId,
      run.id,
      run.attempt,
      run.executionStatus,
      description,
      JSON.stringify(completedWaitpoints),
      run.updatedAt,
    ],
  );
}

const SNAPSHOT_COLUMNS = `id, run_id AS "runId", attempt, execution_status AS "executionStatus", description,
  completed_waitpoints AS "completedWaitpoints", created_at AS "createdAt"`;

/** A snapshot of this run, or null when it is unknown or long superseded. */
export async function findSnapshot(db: Reader, runId: string, snapshotId: string): Promise<Snapshot | null> {
  const { rows } = await db.query<Snapshot>(
    `SELECT ${SNAPSHOT_COLUMNS} FROM local_trigger.run_snapshots WHERE run_id = $1 AND id = $2`,
    [runId, snapshotId],
  );
  return rows[0] ?? null;
}

/** The newest snapshot of a locked run. */
export async function latestSnapshot(db: Reader, run: Run): Promise<Snapshot> {
  const snapshot = await findSnapshot(db, run.id, run.snapshotId);
  if (!snapshot) throw new Error(`The run ${run.id} has lost its snapshot.`);
  return snapshot;
}

type LatestRow = RunRow & Pick<Snapshot, "description" | "completedWaitpoints"> & { snapshotAt: Date };

/** The run and its newest snapshot, of the same instant, without a lock. */
export async function findLatest(
  db: Reader,
  runId: string,
): Promise<{ run: RunRow; snapshot: Snapshot } | null> {
  const { rows } = await db.query<LatestRow>(
    `SELECT r.*, s.description, s.completed_waitpoints AS "completedWaitpoints", s.created_at AS "snapshotAt"
     FROM (SELECT ${RUN_COLUMNS} FROM local_trigger.runs WHERE id = $1) r
     JOIN local_trigger.run_snapshots s ON s.id = r."snapshotId"`,
    [runId],
  );
  if (!rows[0]) return null;
  const { description, completedWaitpoints, snapshotAt, ...run } = rows[0];
  const { attempt, executionStatus } = run;
  const snapshot = {
    id: run.snapshotId,
    runId,
    attempt,
    executionStatus,
    description,
    completedWaitpoints,
    createdAt: snapshotAt,
  };
  return { run, snapshot };
}
