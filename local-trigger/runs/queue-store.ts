import type { Tx } from "../database.ts";
import { DEMAND_COLUMNS } from "./slots.ts";

type Reader = Pick<Tx, "query">;

/** A line or a limit (see migration 007), with who is in it. `perKey`, `total`: what the code declares. */
export type QueueRow = {
  name: string;
  id: string;
  perKey: number | null;
  total: number | null;
  perKeyOverride: number | null;
  perKeyOverrideAt: Date | null;
  totalOverride: number | null;
  totalOverrideAt: Date | null;
  paused: boolean;
  running: number;
  queued: number;
};

export type QueueChange = Partial<
  Pick<QueueRow, "paused" | "perKeyOverride" | "totalOverride" | "perKeyOverrideAt" | "totalOverrideAt">
>;

export type KeyView = { override: number | null; expiresAt: Date | null; running: number };

const LIVE = `live AS (
  SELECT ${DEMAND_COLUMNS}, r.status,
    r.execution_status IN ('PENDING_EXECUTING', 'EXECUTING', 'PENDING_CANCEL') AS executes
  FROM local_trigger.runs r LEFT JOIN local_trigger.task_queues t USING (task_identifier)
  WHERE r.completed_at IS NULL)`;

const COLUMNS = `q.name, q.id, q.per_key AS "perKey", q.total, q.per_key_override AS "perKeyOverride",
  q.per_key_override_at AS "perKeyOverrideAt", q.total_override AS "totalOverride",
  q.total_override_at AS "totalOverrideAt", q.paused,
  count(*) FILTER (WHERE live.executes)::int AS running,
  count(*) FILTER (WHERE live.status = 'PENDING')::int AS queued`;

const SELECT = `WITH ${LIVE} SELECT ${COLUMNS} FROM local_trigger.queues q
  LEFT JOIN live ON live.queue = q.name OR q.name = ANY (live.limits)`;

/** One page of the lines, or of the limits, in the order of their names; and how many there are. */
export async function listQueues(
  db: Reader,
  options: { limits: boolean; page: number; perPage: number },
): Promise<{ rows: QueueRow[]; count: number }> {
  const kind = `q.name LIKE 'limit/%' = $1`;
  const { rows } = await db.query<QueueRow>(
    `${SELECT} WHERE ${kind} GROUP BY q.name ORDER BY q.name LIMIT $2 OFFSET $3`,
    [options.limits, options.perPage, (options.page - 1) * options.perPage],
  );
  const total = await db.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM local_trigger.queues q WHERE ${kind}`,
    [options.limits],
  );
  return { rows, count: total.rows[0]?.n ?? 0 };
}

/** By name or by id. */
export async function findQueue(db: Reader, nameOrId: string): Promise<QueueRow | null> {
  const { rows } = await db.query<QueueRow>(`${SELECT} WHERE q.name = $1 OR q.id = $1 GROUP BY q.name`, [
    nameOrId,
  ]);
  return rows[0] ?? null;
}

export async function changeQueue(tx: Tx, before: QueueRow, change: QueueChange): Promise<void> {
  const after = { ...before, ...change };
  await tx.query(
    `UPDATE local_trigger.queues SET paused = $2, per_key_override = $3, per_key_override_at = $4,
       total_override = $5, total_override_at = $6 WHERE name = $1`,
    [
      before.name,
      after.paused,
      after.perKeyOverride,
      after.perKeyOverrideAt,
      after.totalOverride,
      after.totalOverrideAt,
    ],
  );
}

/** A limit as one concurrency key meets it. */
export async function keyView(db: Reader, name: string, key: string): Promise<KeyView> {
  const { rows } = await db.query<KeyView>(
    `WITH ${LIVE} SELECT o.per_key AS override, o.expires_at AS "expiresAt",
       (SELECT count(*)::int FROM live
        WHERE executes AND "concurrencyKey" = $2 AND (queue = $1 OR $1 = ANY (limits))) AS running
     FROM (SELECT) one LEFT JOIN local_trigger.queue_key_overrides o
       ON o.name = $1 AND o.concurrency_key = $2 AND o.expires_at > $3`,
    [name, key, new Date()],
  );
  return rows[0] ?? { override: null, expiresAt: null, running: 0 };
}

/** Sets the limit of one key; null takes it back. */
export async function setKeyOverride(
  tx: Tx,
  place: { name: string; concurrencyKey: string },
  override: { perKey: number; expiresAt: Date } | null,
): Promise<void> {
  const { name, concurrencyKey } = place;
  if (!override) {
    await tx.query(`DELETE FROM local_trigger.queue_key_overrides WHERE name = $1 AND concurrency_key = $2`, [
      name,
      concurrencyKey,
    ]);
    return;
  }
  await tx.query(
    `INSERT INTO local_trigger.queue_key_overrides (name, concurrency_key, per_key, expires_at)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (name, concurrency_key) DO UPDATE SET per_key = excluded.per_key, expires_at = excluded.expires_at`,
    [name, concurrencyKey, override.perKey, override.expiresAt],
  );
}
