import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { lockKey, type Database, type Tx } from "../database.ts";
import { newId } from "../wire/ids.ts";
import { isCron, isTimezone, isWindow } from "./cron.ts";

const count = z.number().int().nonnegative().nullish();
const queueShape = { concurrencyLimit: count, combinedConcurrencyLimit: count };
const limitShape = { perKey: count, total: count };

const taskSchema = z.looseObject({
  id: z.string(),
  filePath: z.string(),
  exportName: z.string().optional(),
  retry: z.looseObject({ maxAttempts: z.number().int().optional() }).nullish(),
  maxDuration: z.number().nullish(),
  triggerSource: z.string().nullish(),
  ttl: z.union([z.string(), z.number().int().nonnegative()]).nullish(),
  queue: z.looseObject({ name: z.string().optional(), ...queueShape }).nullish(),
  concurrency: z
    .looseObject({ inline: z.object(limitShape).nullish(), limits: z.array(z.string()).nullish() })
    .nullish(),
  schedule: z
    .looseObject({
      cron: z.string().refine(isCron, "is no cron expression of five fields."),
      timezone: z.string().refine(isTimezone, "is no time zone that is known here.").nullish(),
      environments: z.array(z.string()).nullish(),
      window: z.string().refine(isWindow, 'is neither "0m" to "24h" nor "0%" to "100%".').nullish(),
    })
    .nullish(),
});

/** What a worker process says of the code that it brings. */
export const workerMetadata = z.looseObject({
  contentHash: z.string(),
  tasks: z.array(taskSchema),
  queues: z.array(z.looseObject({ name: z.string(), ...queueShape })).optional(),
  concurrencyLimits: z.array(z.looseObject({ name: z.string(), ...limitShape })).optional(),
  runtime: z.string().optional(),
});
export type WorkerMetadata = z.infer<typeof workerMetadata>;
export type WorkerTask = z.infer<typeof taskSchema>;

/** One version of the task code, registered by one worker process. `id` is the `worker_…` form. */
export type Worker = {
  id: string;
  version: string;
  contentHash: string;
  runtime: string;
  tasks: WorkerTask[];
};

const COLUMNS = `id, version, content_hash AS "contentHash", runtime, tasks`;
const KEPT = 50;

/**
 * Stores a registration under a version of its own, `YYYYMMDD.n`. The newest code, registered once more (its host was
 * started again), keeps its version. `sync` does what else follows from it, in the same transaction.
 */
export async function registerWorker(
  db: Database,
  metadata: WorkerMetadata,
  sync: (tx: Tx) => Promise<void>,
): Promise<Worker> {
  return db.transaction(async (tx) => {
    await lockKey(tx, "workers");
    await sync(tx);
    const newest = await newestWorker(tx);
    if (newest && isSameCode(newest, metadata)) return newest;
    const day = new Date().toISOString().slice(0, 10).replaceAll("-", "");
    const worker: Worker = {
      id: newId("worker"),
      version: `${day}.${await nextOfDay(tx, day)}`,
      contentHash: metadata.contentHash,
      runtime: metadata.runtime ?? "node",
      tasks: metadata.tasks,
    };
    await tx.query(
      `INSERT INTO local_trigger.workers (id, version, content_hash, runtime, tasks, task_ids, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        worker.id,
        worker.version,
        worker.contentHash,
        worker.runtime,
        JSON.stringify(worker.tasks),
        worker.tasks.map(({ id }) => id),
        new Date(),
      ],
    );
    await forgetOldWorkers(tx);
    return worker;
  });
}

function isSameCode(worker: Worker, metadata: WorkerMetadata): boolean {
  return worker.contentHash === metadata.contentHash && isDeepStrictEqual(worker.tasks, metadata.tasks);
}

async function nextOfDay(tx: Tx, day: string): Promise<number> {
  const { rows } = await tx.query<{ n: number }>(
    `SELECT coalesce(max(split_part(version, '.', 2)::int), 0) + 1 AS n
     FROM local_trigger.workers WHERE version LIKE $1`,
    [`${day}.%`],
  );
  return rows[0]?.n ?? 1;
}

async function forgetOldWorkers(tx: Tx): Promise<void> {
  await tx.query(
    `DELETE FROM local_trigger.workers w
     WHERE seq <= (SELECT max(seq) FROM local_trigger.workers) - $1
       AND NOT EXISTS (SELECT FROM local_trigger.runs r WHERE r.worker_id = w.id AND r.completed_at IS NULL)`,
    [KEPT],
  );
}

export async function findWorker(db: Pick<Tx, "query">, id: string): Promise<Worker | null> {
  const { rows } = await db.query<Worker>(`SELECT ${COLUMNS} FROM local_trigger.workers WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

/** The newest version of the task code, whether or not its process lives. */
export async function newestWorker(db: Pick<Tx, "query">): Promise<(Worker & { createdAt: Date }) | null> {
  const { rows } = await db.query<Worker & { createdAt: Date }>(
    `SELECT ${COLUMNS}, created_at AS "createdAt" FROM local_trigger.workers ORDER BY seq DESC LIMIT 1`,
  );
  return rows[0] ?? null;
}

/** The worker of a version, as long as one of its runs lives: after that its process may be gone. */
export async function liveWorkerOfVersion(db: Pick<Tx, "query">, version: string): Promise<Worker | null> {
  const { rows } = await db.query<Worker>(
    `SELECT ${COLUMNS} FROM local_trigger.workers w WHERE version = $1 AND EXISTS (
       SELECT FROM local_trigger.runs r WHERE r.worker_id = w.id AND r.execution_status LIKE 'EXECUTING%')`,
    [version],
  );
  return rows[0] ?? null;
}

/** The task as this worker registered it. */
export function taskOf(worker: Worker, taskIdentifier: string): WorkerTask | undefined {
  return worker.tasks.find(({ id }) => id === taskIdentifier);
}
