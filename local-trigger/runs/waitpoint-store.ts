import { randomBytes } from "node:crypto";
import type { Tx } from "../database.ts";
import { newId } from "../wire/ids.ts";
import type { Run } from "./run.ts";
import type { Waitpoint, WaitpointResult } from "./waitpoint.ts";

type Reader = Pick<Tx, "query">;

/** What a query reads for a Waitpoint. */
export const WAITPOINT_COLUMNS = `id, type, status, run_id AS "runId", stream, after_seq AS "afterSeq", session_id AS "sessionId",
  child_run_id AS "childRunId", batch_id AS "batchId", idempotency_key AS "idempotencyKey",
  idempotency_key_expires_at AS "idempotencyKeyExpiresAt", callback_hash AS "callbackHash", tags,
  timeout_at AS "timeoutAt", completed_after AS "completedAfter", completed_at AS "completedAt",
  output, output_type AS "outputType", output_is_error AS "outputIsError", created_at AS "createdAt"`;

export type NewWaitpoint = {
  type: Waitpoint["type"];
  runId?: string;
  stream?: string;
  afterSeq?: number;
  sessionId?: string;
  childRunId?: string;
  tags?: string[];
  timeoutAt?: Date;
  completedAfter?: Date;
  /** Keys of one scope are unique until they expire. */
  idempotency?: { scope: string; key: string; expiresAt: Date };
};

/** Makes a waitpoint, or answers the one that was made with the same key before. */
export async function insertWaitpoint(
  tx: Tx,
  input: NewWaitpoint,
): Promise<{ waitpoint: Waitpoint; isCached: boolean }> {
  const { idempotency } = input;
  const now = new Date();
  if (idempotency) {
    await tx.query(
      `UPDATE local_trigger.waitpoints SET idempotency_scope = NULL, idempotency_key = NULL
       WHERE idempotency_scope = $1 AND idempotency_key = $2 AND idempotency_key_expires_at <= $3`,
      [idempotency.scope, idempotency.key, now],
    );
  }
  const { rows } = await tx.query<Waitpoint>(
    `INSERT INTO local_trigger.waitpoints (id, type, run_id, stream, after_seq, session_id, child_run_id, tags,
       timeout_at, completed_after, idempotency_scope, idempotency_key, idempotency_key_expires_at,
       callback_hash, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     ON CONFLICT (idempotency_scope, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
     RETURNING ${WAITPOINT_COLUMNS}`,
    [
      newId("waitpoint"),
      input.type,
      input.runId ?? null,
      input.stream ?? null,
      input.afterSeq ?? null,
      input.sessionId ?? null,
      input.childRunId ?? null,
      input.tags ?? [],
      input.timeoutAt ?? null,
      input.completedAfter ?? null,
      idempotency?.scope ?? null,
      idempotency?.key ?? null,
      idempotency?.expiresAt ?? null,
      input.runId === undefined ? randomBytes(24).toString("hex") : null,
      now,
    ],
  );
  if (rows[0]) return { waitpoint: rows[0], isCached: false };
  return { waitpoint: await waitpointOfKey(tx, input), isCached: true };
}

async function waitpointOfKey(tx: Tx, { idempotency }: NewWaitpoint): Promise<Waitpoint> {
  const { rows } = await tx.query<Waitpoint>(
    `SELECT ${WAITPOINT_COLUMNS} FROM local_trigger.waitpoints WHERE idempotency_scope = $1 AND idempotency_key = $2`,
    [idempotency?.scope, idempotency?.key],
  );
  if (!rows[0]) throw new Error("An idempotency key is taken by no waitpoint.");
  return rows[0];
}

export async function findWaitpoint(db: Reader, id: string): Promise<Waitpoint | null> {
  const { rows } = await db.query<Waitpoint>(
    `SELECT ${WAITPOINT_COLUMNS} FROM local_trigger.waitpoints WHERE id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

/** The waitpoint, locked: whoever completes it meanwhile waits. */
export async function lockWaitpoint(tx: Tx, id: string): Promise<Waitpoint | null> {
  const { rows } = await tx.query<Waitpoint>(
    `SELECT ${WAITPOINT_COLUMNS} FROM local_trigger.waitpoints WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0] ?? null;
}

export async function pendingWaitpointsOfStream(tx: Tx, stream: string): Promise<Waitpoint[]> {
  const { rows } = await tx.query<Waitpoint>(
    `SELECT ${WAITPOINT_COLUMNS} FROM local_trigger.waitpoints WHERE stream = $1 AND status = 'PENDING' ORDER BY id FOR UPDATE`,
    [stream],
  );
  return rows;
}

/** Completes a pending waitpoint; false when it was complete before. */
export async function completeWaitpoint(tx: Tx, id: string, result: WaitpointResult): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE local_trigger.waitpoints SET status = 'COMPLETED', completed_at = $2, output = $3,
       output_type = $4, output_is_error = $5
     WHERE id = $1 AND status = 'PENDING'`,
    [id, new Date(), result.output, result.outputType ?? "application/json", result.isError ?? false],
  );
  return rowCount > 0;
}

/** The runs that stand still because of this waitpoint. */
export async function blockedBy(tx: Tx, waitpointId: string): Promise<string[]> {
  const { rows } = await tx.query<{ runId: string }>(
    `SELECT run_id AS "runId" FROM local_trigger.run_blockers WHERE waitpoint_id = $1`,
    [waitpointId],
  );
  return rows.map(({ runId }) => runId);
}

export async function insertBlocker(
  tx: Tx,
  runId: string,
  waitpointId: string,
  position: number | null,
): Promise<void> {
  await tx.query(
    `INSERT INTO local_trigger.run_blockers (run_id, waitpoint_id, position) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [runId, waitpointId, position],
  );
}

/** Blocks a run by one waitpoint for each item of a batch, whose runs are not known yet. */
export async function insertBatchBlockers(
  tx: Tx,
  runId: string,
  batch: { id: string; runCount: number },
): Promise<void> {
  const ids = Array.from({ length: batch.runCount }, () => newId("waitpoint"));
  await tx.query(
    `INSERT INTO local_trigger.waitpoints (id, type, run_id, batch_id, created_at)
     SELECT id, 'RUN', $1, $2, $3 FROM unnest($4::text[]) AS made(id)`,
    [runId, batch.id, new Date(), ids],
  );
  await tx.query(
    `INSERT INTO local_trigger.run_blockers (run_id, waitpoint_id, position)
     SELECT $1, id, n - 1 FROM unnest($2::text[]) WITH ORDINALITY AS made(id, n)`,
    [runId, ids],
  );
}

export type BatchPlace = { parentRunId: string; batchId: string; position: number };

/** Names the run that an item of a batch has become; the waitpoint of that item, or null when nobody waits for it. */
export async function setChildOfItem(tx: Tx, place: BatchPlace, childRunId: string): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE local_trigger.waitpoints w SET child_run_id = $4 FROM local_trigger.run_blockers b
     WHERE b.waitpoint_id = w.id AND b.run_id = $1 AND w.batch_id = $2 AND b.position = $3
       AND w.child_run_id IS NULL
     RETURNING w.id`,
    [place.parentRunId, place.batchId, place.position, childRunId],
  );
  return rows[0]?.id ?? null;
}

/** All that a run waits for, in order. */
export async function blockersOf(
  db: Reader,
  runId: string,
): Promise<(Waitpoint & { position: number | null })[]> {
  const { rows } = await db.query<Waitpoint & { position: number | null }>(
    `WITH blocker AS (SELECT waitpoint_id, position FROM local_trigger.run_blockers WHERE run_id = $1)
     SELECT ${WAITPOINT_COLUMNS}, position FROM local_trigger.waitpoints JOIN blocker ON waitpoint_id = id
     ORDER BY position, id`,
    [runId],
  );
  return rows;
}

export async function clearBlockers(tx: Tx, runId: string): Promise<void> {
  await tx.query(`DELETE FROM local_trigger.run_blockers WHERE run_id = $1`, [runId]);
}

/** Completes what waits for the end of this run; the runs that may go on because of it. */
export async function completeWaitpointsOfChild(tx: Tx, child: Run): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM local_trigger.waitpoints WHERE child_run_id = $1 AND status = 'PENDING' FOR UPDATE`,
    [child.id],
  );
  const blocked: string[] = [];
  for (const { id } of rows) {
    await completeWaitpoint(tx, id, resultOf(child));
    blocked.push(...(await blockedBy(tx, id)));
  }
  return blocked;
}

/** What a finished run hands to the one that waits for it. */
export function resultOf(run: Run): WaitpointResult {
  if (run.status === "COMPLETED_SUCCESSFULLY") return { output: run.output, outputType: run.outputType };
  const error = run.error ?? { type: "STRING_ERROR", raw: run.status };
  return { output: JSON.stringify(error), isError: true };
}

/** Removes what a finished run had made for its own waiting, and its timers. */
export async function deleteWaitpointsOf(tx: Tx, runId: string): Promise<void> {
  await deleteWaitpoints(tx, "run_id = $1", [runId]);
  await clearBlockers(tx, runId);
}

/** The same for an attempt that ends with another one to come: what carries a key is named again by that. */
export async function deleteWaitpointsOfAttempt(tx: Tx, runId: string): Promise<void> {
  await deleteWaitpoints(tx, "run_id = $1 AND idempotency_key IS NULL", [runId]);
  await clearBlockers(tx, runId);
}

/** Removes what a run waits for of a batch. */
export async function deleteWaitpointsOfBatch(tx: Tx, runId: string, batchId: string): Promise<void> {
  await deleteWaitpoints(tx, "run_id = $1 AND batch_id = $2", [runId, batchId]);
}

async function deleteWaitpoints(tx: Tx, which: string, values: string[]): Promise<void> {
  await tx.query(
    `WITH gone AS (DELETE FROM local_trigger.waitpoints WHERE ${which} RETURNING id)
     DELETE FROM local_trigger.timers WHERE kind = 'waitpoint' AND subject IN (SELECT id FROM gone)`,
    values,
  );
}
