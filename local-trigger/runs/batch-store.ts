import type { Tx } from "../database.ts";
import { newId } from "../wire/ids.ts";
import { RUN_COLUMNS, type RunRow } from "./run-rows.ts";

type Reader = Pick<Tx, "query">;

/** Runs that are triggered together. `id` is the `batch_…` form; `runCount`: how many there will be. */
export type Batch = {
  id: string;
  runCount: number;
  parentRunId: string | null;
  blocksParent: boolean;
  idempotencyKey: string | null;
  requestKey: string | null;
  createdAt: Date;
  updatedAt: Date;
};

export type NewBatch = {
  runCount: number;
  parentRunId?: string;
  blocksParent: boolean;
  idempotencyKey?: string;
  /** Repeats of one HTTP request carry the same key and get the same batch. */
  requestKey?: string;
};

const COLUMNS = `id, run_count AS "runCount", parent_run_id AS "parentRunId", blocks_parent AS "blocksParent",
  idempotency_key AS "idempotencyKey", request_key AS "requestKey", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Makes a batch; null when one of its keys is taken. */
export async function insertBatch(tx: Tx, input: NewBatch): Promise<Batch | null> {
  const { rows } = await tx.query<Batch>(
    `INSERT INTO local_trigger.batches
       (id, run_count, parent_run_id, blocks_parent, idempotency_key, request_key, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    [
      newId("batch"),
      input.runCount,
      input.parentRunId ?? null,
      input.blocksParent,
      input.idempotencyKey ?? null,
      input.requestKey ?? null,
      new Date(),
    ],
  );
  return rows[0] ?? null;
}

/** The batch that one of these keys names. */
export async function batchOfKeys(tx: Tx, input: NewBatch): Promise<Batch | null> {
  const { rows } = await tx.query<Batch>(
    `SELECT ${COLUMNS} FROM local_trigger.batches WHERE request_key = $1 OR idempotency_key = $2
     ORDER BY request_key = $1 DESC NULLS LAST LIMIT 1`,
    [input.requestKey ?? null, input.idempotencyKey ?? null],
  );
  return rows[0] ?? null;
}

export async function findBatch(db: Reader, id: string): Promise<Batch | null> {
  const { rows } = await db.query<Batch>(`SELECT ${COLUMNS} FROM local_trigger.batches WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

/** Locks the batch, and tells which run an item has become, if it has come before. */
export async function lockItem(tx: Tx, batchId: string, position: number): Promise<string | null> {
  await tx.query(`SELECT FROM local_trigger.batches WHERE id = $1 FOR UPDATE`, [batchId]);
  const { rows } = await tx.query<{ runId: string }>(
    `SELECT run_id AS "runId" FROM local_trigger.batch_items WHERE batch_id = $1 AND position = $2`,
    [batchId, position],
  );
  return rows[0]?.runId ?? null;
}

export async function insertItem(tx: Tx, batchId: string, position: number, runId: string): Promise<void> {
  await tx.query(`INSERT INTO local_trigger.batch_items (batch_id, position, run_id) VALUES ($1, $2, $3)`, [
    batchId,
    position,
    runId,
  ]);
  await tx.query(`UPDATE local_trigger.batches SET updated_at = $2 WHERE id = $1`, [batchId, new Date()]);
}

export async function itemsOf(db: Reader, batchId: string): Promise<{ position: number; runId: string }[]> {
  const { rows } = await db.query<{ position: number; runId: string }>(
    `SELECT position, run_id AS "runId" FROM local_trigger.batch_items WHERE batch_id = $1 ORDER BY position`,
    [batchId],
  );
  return rows;
}

/** The runs of a batch that have come so far, in the order of its items. */
export async function runsOfBatch(db: Reader, batchId: string): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM local_trigger.runs
     JOIN (SELECT run_id, min(position) AS place FROM local_trigger.batch_items WHERE batch_id = $1 GROUP BY run_id) i
       ON i.run_id = id ORDER BY place`,
    [batchId],
  );
  return rows;
}
