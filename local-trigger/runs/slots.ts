import { lockKey, type Database, type Tx } from "../database.ts";
import {
  Admission,
  type Demand,
  type Holding,
  type KeyOverride,
  type Obstacle,
  type Pool,
} from "./admission.ts";
import type { Run } from "./run.ts";
import type { Timers } from "./timers.ts";

/** Who executes now. `running`: all of them but those that wait, and those that other runs have started. */
export type Slots = { running: number; admission: Admission };

const HOLDS = `r.execution_status IN ('PENDING_EXECUTING', 'EXECUTING', 'PENDING_CANCEL')`;

/** The line and the limits of `runs r` joined with `task_queues t`. */
export const DEMAND_COLUMNS = `coalesce(r.queue, t.queue) AS queue, coalesce(r.limits, t.limits, '{}') AS limits,
  r.concurrency_key AS "concurrencyKey"`;

const LIMITED = `paused OR coalesce(per_key_override, per_key, total_override, total) IS NOT NULL`;

/** The lock under which slots are counted and given away. After sessions and run rows, never before them. */
export async function lockSlots(tx: Tx): Promise<void> {
  await lockKey(tx, "slots");
}

/**
 * Counts slots; hold the lock. `keepFree`: runs that stand in line to go on count as well, so that nobody who comes
 * later takes their slot.
 */
export async function readSlots(tx: Tx, { keepFree }: { keepFree: boolean }): Promise<Slots> {
  const pools = await tx.query<Pool>(
    `SELECT name, coalesce(per_key_override, per_key) AS "perKey", coalesce(total_override, total) AS total, paused
     FROM local_trigger.queues WHERE ${LIMITED}`,
  );
  const overrides = await tx.query<KeyOverride>(
    `SELECT name, concurrency_key AS "concurrencyKey", per_key AS "perKey"
     FROM local_trigger.queue_key_overrides WHERE expires_at > $1`,
    [new Date()],
  );
  const { rows } = await tx.query<Holding & { waits: boolean; child: boolean }>(
    `SELECT ${DEMAND_COLUMNS}, r.awaits_slot AS waits, r.parent_run_id IS NOT NULL AS child, count(*)::int AS count
     FROM local_trigger.runs r LEFT JOIN local_trigger.task_queues t USING (task_identifier)
     WHERE ${HOLDS} OR (r.awaits_slot AND $1) GROUP BY 1, 2, 3, 4, 5`,
    [keepFree],
  );
  const running = rows
    .filter(({ waits, child }) => !waits && !child)
    .reduce((sum, { count }) => sum + count, 0);
  return { running, admission: new Admission(pools.rows, overrides.rows, rows) };
}

/** What keeps a queued run in line at this moment, as far as queues and limits do; for people to read, without a lock. */
export function obstacleOf(db: Database, runId: string): Promise<Obstacle | null> {
  return db.transaction(async (tx) => {
    const demand = await demandOf(tx, { id: runId });
    return (await readSlots(tx, { keepFree: true })).admission.obstacle(demand);
  });
}

/**
 * Whether a locked run that waited may go on now. If not, it stands in line: it keeps waiting until a slot is free, and
 * comes before the runs that have not started.
 */
export async function takesSlot(tx: Tx, run: Run): Promise<boolean> {
  const demand = await demandOf(tx, run);
  if (await isLimited(tx, demand)) {
    await lockSlots(tx);
    const { admission } = await readSlots(tx, { keepFree: false });
    if (!admission.hasRoom(demand)) {
      await tx.query(`UPDATE local_trigger.runs SET awaits_slot = true WHERE id = $1`, [run.id]);
      return false;
    }
  }
  return true;
}

/** A locked run has let go of its slot: whoever stands in line for it looks again. */
export async function slotFreed(tx: Tx, timers: Timers, run: Run): Promise<void> {
  if (!(await isLimited(tx, await demandOf(tx, run)))) return;
  // Without the lock, a run that is about to stand in line would neither see the free slot nor be seen here.
  await lockSlots(tx);
  await wakeAwaiting(tx, timers);
}

/** Lets every run that stands in line look again. */
export async function wakeAwaiting(tx: Tx, timers: Timers): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM local_trigger.runs WHERE awaits_slot ORDER BY updated_at, id`,
  );
  for (const { id } of rows) await timers.set(tx, "resume", id);
}

async function demandOf(tx: Tx, run: Pick<Run, "id">): Promise<Demand> {
  const { rows } = await tx.query<Demand>(
    `SELECT ${DEMAND_COLUMNS} FROM local_trigger.runs r
     LEFT JOIN local_trigger.task_queues t USING (task_identifier) WHERE r.id = $1`,
    [run.id],
  );
  return rows[0] ?? { queue: null, limits: [], concurrencyKey: null };
}

async function isLimited(tx: Tx, { queue, limits }: Demand): Promise<boolean> {
  const { rowCount } = await tx.query(
    `SELECT FROM local_trigger.queues WHERE name = ANY ($1) AND (${LIMITED}) LIMIT 1`,
    [queue === null ? limits : [queue, ...limits]],
  );
  return rowCount > 0;
}
