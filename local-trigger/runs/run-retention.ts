import type { Database } from "../database.ts";
import { dropStreamsOfRuns } from "../streams/sweep-streams.ts";

const BATCH = 100;
/** A worker that is behind knows one of the newest snapshots of its run, never one so far back. */
const KEPT_SNAPSHOTS = 50;

/** Removes a small number of things that ended before a moment; how many it found. Zero: nothing is left. */
export type Sweep = (db: Database, before: Date, now: Date) => Promise<number>;

/**
 * Runs that have ended, with their streams, packets, snapshots and places in batches. Kept are the newest run of a
 * session, runs whose parent or children still live, and those that an idempotency key names for longer.
 */
const sweepRuns: Sweep = (db, before, now) =>
  db.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      `SELECT r.id FROM local_trigger.runs r
       WHERE r.completed_at < $1
         AND (r.session_id IS NULL OR EXISTS (
           SELECT FROM local_trigger.runs n WHERE n.session_id = r.session_id AND n.number > r.number))
         AND NOT EXISTS (SELECT FROM local_trigger.runs p WHERE p.id = r.parent_run_id AND p.completed_at IS NULL)
         AND NOT EXISTS (SELECT FROM local_trigger.runs c WHERE c.parent_run_id = r.id AND c.completed_at IS NULL)
         AND NOT EXISTS (SELECT FROM local_trigger.run_idempotency k
                         WHERE k.run_id = r.id AND k.scope <> 'request' AND k.expires_at > $2)
         AND NOT EXISTS (SELECT FROM local_trigger.timers t WHERE t.subject = r.id)
       ORDER BY r.completed_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
      [before, now],
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await tx.query(
      `DELETE FROM local_trigger.packets p
       WHERE path IN (
           SELECT payload FROM local_trigger.runs WHERE id = ANY ($1) AND payload_type = 'application/store'
           UNION ALL
           SELECT output FROM local_trigger.runs WHERE id = ANY ($1) AND output_type = 'application/store')
         AND NOT EXISTS (SELECT FROM local_trigger.runs r WHERE r.payload = p.path
                         AND r.payload_type = 'application/store' AND r.id <> ALL ($1))
         AND NOT EXISTS (SELECT FROM local_trigger.runs r WHERE r.output = p.path
                         AND r.output_type = 'application/store' AND r.id <> ALL ($1))`,
      [ids],
    );
    await dropStreamsOfRuns(tx, ids);
    await tx.query(`DELETE FROM local_trigger.runs WHERE id = ANY ($1)`, [ids]);
    return ids.length;
  });

/** Packets that were uploaded and that nothing names. */
const sweepPackets: Sweep = async (db, before) => {
  const { rowCount } = await db.query(
    `DELETE FROM local_trigger.packets WHERE path IN (
       SELECT path FROM local_trigger.packets p
       WHERE updated_at < $1
         AND NOT EXISTS (SELECT FROM local_trigger.runs r
                         WHERE r.payload = p.path AND r.payload_type = 'application/store')
         AND NOT EXISTS (SELECT FROM local_trigger.runs r
                         WHERE r.output = p.path AND r.output_type = 'application/store')
         AND NOT EXISTS (SELECT FROM local_trigger.waitpoints w WHERE w.output = p.path)
       LIMIT ${BATCH})`,
    [before],
  );
  return rowCount;
};

const sweepBatches: Sweep = async (db, before) => {
  const { rowCount } = await db.query(
    `DELETE FROM local_trigger.batches WHERE id IN (
       SELECT id FROM local_trigger.batches b
       WHERE updated_at < $1
         AND NOT EXISTS (SELECT FROM local_trigger.batch_items i WHERE i.batch_id = b.id)
         AND NOT EXISTS (SELECT FROM local_trigger.runs p WHERE p.id = b.parent_run_id AND p.completed_at IS NULL)
       LIMIT ${BATCH})`,
    [before],
  );
  return rowCount;
};

/** Tokens; the waitpoints that a run made for itself go when it ends. */
const sweepTokens: Sweep = async (db, before, now) => {
  const { rowCount } = await db.query(
    `DELETE FROM local_trigger.waitpoints WHERE id IN (
       SELECT id FROM local_trigger.waitpoints w
       WHERE run_id IS NULL AND status = 'COMPLETED' AND completed_at < $1
         AND (idempotency_key IS NULL OR idempotency_key_expires_at <= $2)
         AND NOT EXISTS (SELECT FROM local_trigger.run_blockers b WHERE b.waitpoint_id = w.id)
       LIMIT ${BATCH})`,
    [before, now],
  );
  return rowCount;
};

const sweepKeys: Sweep = async (db, _before, now) => {
  await db.query(`DELETE FROM local_trigger.queue_key_overrides WHERE expires_at <= $1`, [now]);
  const { rowCount } = await db.query(
    `DELETE FROM local_trigger.run_idempotency WHERE (scope, key) IN (
       SELECT scope, key FROM local_trigger.run_idempotency WHERE expires_at <= $1 LIMIT ${BATCH})`,
    [now],
  );
  return rowCount;
};

/** Old snapshots of runs that live on and on; those of finished runs went when they ended. */
const sweepSnapshots: Sweep = async (db) => {
  const { rowCount } = await db.query(
    `DELETE FROM local_trigger.run_snapshots WHERE id IN (
       SELECT s.id FROM (
         SELECT id, run_id, row_number() OVER (PARTITION BY run_id ORDER BY created_at DESC, id) AS place
         FROM local_trigger.run_snapshots) s
       JOIN local_trigger.runs r ON r.id = s.run_id
       WHERE s.place > ${KEPT_SNAPSHOTS} AND s.id <> r.snapshot_id AND s.id IS DISTINCT FROM r.started_from
       LIMIT ${BATCH})`,
  );
  return rowCount;
};

/** In this order: what a run held is free for the next once the run is gone. */
export const RUN_SWEEPS: Record<string, Sweep> = {
  keys: sweepKeys,
  runs: sweepRuns,
  batches: sweepBatches,
  tokens: sweepTokens,
  packets: sweepPackets,
  snapshots: sweepSnapshots,
};
