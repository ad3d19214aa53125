import type { Tx } from "../database.ts";

type Reader = Pick<Tx, "query">;

/** A schedule. `nextAt`: the tick that comes next, null while it is not active; `lastAt`: the one that came last. */
export type Schedule = {
  id: string;
  type: "DECLARATIVE" | "IMPERATIVE";
  task: string;
  cron: string;
  timezone: string;
  window: string | null;
  externalId: string | null;
  deduplicationKey: string | null;
  active: boolean;
  nextAt: Date | null;
  lastAt: Date | null;
  createdAt: Date;
};

const COLUMNS = `id, type, task_identifier AS task, cron, timezone, spread AS "window", external_id AS "externalId",
  deduplication_key AS "deduplicationKey", active, next_at AS "nextAt", last_at AS "lastAt", created_at AS "createdAt"`;

export async function findSchedule(db: Reader, id: string): Promise<Schedule | null> {
  const { rows } = await db.query<Schedule>(`SELECT ${COLUMNS} FROM local_trigger.schedules WHERE id = $1`, [
    id,
  ]);
  return rows[0] ?? null;
}

/** The schedule, locked until the transaction ends. */
export async function lockSchedule(tx: Tx, id: string): Promise<Schedule | null> {
  const { rows } = await tx.query<Schedule>(
    `SELECT ${COLUMNS} FROM local_trigger.schedules WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0] ?? null;
}

export async function lockScheduleOfKey(tx: Tx, deduplicationKey: string): Promise<Schedule | null> {
  const { rows } = await tx.query<Schedule>(
    `SELECT ${COLUMNS} FROM local_trigger.schedules WHERE deduplication_key = $1 FOR UPDATE`,
    [deduplicationKey],
  );
  return rows[0] ?? null;
}

/** All that the code declares, locked. */
export async function lockDeclared(tx: Tx): Promise<Schedule[]> {
  const { rows } = await tx.query<Schedule>(
    `SELECT ${COLUMNS} FROM local_trigger.schedules WHERE type = 'DECLARATIVE' ORDER BY id FOR UPDATE`,
  );
  return rows;
}

/** One page, oldest first, and how many there are. */
export async function listSchedules(
  db: Reader,
  options: { page: number; perPage: number },
): Promise<{ schedules: Schedule[]; count: number }> {
  const { rows } = await db.query<Schedule>(
    `SELECT ${COLUMNS} FROM local_trigger.schedules ORDER BY created_at, id LIMIT $1 OFFSET $2`,
    [options.perPage, (options.page - 1) * options.perPage],
  );
  const total = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM local_trigger.schedules`);
  return { schedules: rows, count: total.rows[0]?.n ?? 0 };
}

/** Inserts the schedule, or overwrites the one of this id. */
export async function putSchedule(tx: Tx, schedule: Schedule): Promise<void> {
  await tx.query(
    `INSERT INTO local_trigger.schedules (id, type, task_identifier, cron, timezone, spread, external_id,
       deduplication_key, active, next_at, last_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (id) DO UPDATE SET task_identifier = excluded.task_identifier, cron = excluded.cron,
       timezone = excluded.timezone, spread = excluded.spread, external_id = excluded.external_id,
       active = excluded.active, next_at = excluded.next_at, last_at = excluded.last_at`,
    [
      schedule.id,
      schedule.type,
      schedule.task,
      schedule.cron,
      schedule.timezone,
      schedule.window,
      schedule.externalId,
      schedule.deduplicationKey,
      schedule.active,
      schedule.nextAt,
      schedule.lastAt,
      schedule.createdAt,
    ],
  );
}

export async function deleteSchedule(tx: Tx, id: string): Promise<void> {
  await tx.query(`DELETE FROM local_trigger.schedules WHERE id = $1`, [id]);
}
