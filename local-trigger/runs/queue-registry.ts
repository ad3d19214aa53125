import type { Tx } from "../database.ts";
import { limitRow, ownLimit, queueId, taskQueue } from "./queue-names.ts";
import type { WorkerMetadata, WorkerTask } from "./worker-store.ts";

/** What the code declares of one row. */
type Declared = { name: string; perKey: number | null; total: number | null };

/** Takes over what a registration says of queues and limits. Overrides and pauses stay; rows that are gone too. */
export async function registerQueues(tx: Tx, metadata: WorkerMetadata): Promise<void> {
  const declared = new Map<string, Declared>();
  for (const task of metadata.tasks) {
    for (const row of [queueOfTask(task), ownLimitOf(task)]) if (row) declared.set(row.name, row);
  }
  for (const queue of metadata.queues ?? []) {
    const { name, concurrencyLimit, combinedConcurrencyLimit } = queue;
    declared.set(name, { name, perKey: concurrencyLimit ?? null, total: combinedConcurrencyLimit ?? null });
  }
  for (const { name, perKey, total } of metadata.concurrencyLimits ?? [])
    declared.set(limitRow(name), { name: limitRow(name), perKey: perKey ?? null, total: total ?? null });
  // In one order always: two registrations at once wait for each other.
  const rows = [...declared.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  await upsertQueues(tx, rows);
  await upsertTasks(tx, metadata.tasks);
}

/** A queue that a trigger names and the code does not know: it is made, with the limit that is given. */
export async function ensureQueue(tx: Tx, name: string, concurrencyLimit: number | null): Promise<void> {
  await tx.query(
    `INSERT INTO local_trigger.queues (name, id, per_key) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`,
    [name, queueId(name), concurrencyLimit],
  );
}

function queueOfTask({ id, queue }: WorkerTask): Declared {
  return {
    name: queue?.name ?? taskQueue(id),
    perKey: queue?.concurrencyLimit ?? null,
    total: queue?.combinedConcurrencyLimit ?? null,
  };
}

function ownLimitOf({ id, concurrency }: WorkerTask): Declared | null {
  const own = concurrency?.inline;
  return own ? { name: ownLimit(id), perKey: own.perKey ?? null, total: own.total ?? null } : null;
}

async function upsertQueues(tx: Tx, rows: Declared[]): Promise<void> {
  await tx.query(
    `INSERT INTO local_trigger.queues (name, id, per_key, total)
     SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[])
     ON CONFLICT (name) DO UPDATE SET per_key = excluded.per_key, total = excluded.total`,
    [
      rows.map(({ name }) => name),
      rows.map(({ name }) => queueId(name)),
      rows.map(({ perKey }) => perKey),
      rows.map(({ total }) => total),
    ],
  );
}

async function upsertTasks(tx: Tx, tasks: WorkerTask[]): Promise<void> {
  for (const task of tasks) {
    const own = ownLimitOf(task)?.name ?? null;
    const named = (task.concurrency?.limits ?? []).map(limitRow);
    await tx.query(
      `INSERT INTO local_trigger.task_queues (task_identifier, queue, own_limit, limits) VALUES ($1, $2, $3, $4)
       ON CONFLICT (task_identifier) DO UPDATE
         SET queue = excluded.queue, own_limit = excluded.own_limit, limits = excluded.limits`,
      [task.id, queueOfTask(task).name, own, own === null ? named : [own, ...named]],
    );
  }
}
