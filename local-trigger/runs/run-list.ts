import type { Tx } from "../database.ts";
import { RUN_COLUMNS, type RunRow } from "./run-rows.ts";
import { RUN_STATUSES, apiStatus } from "./run-status.ts";
import { findRun } from "./run-store.ts";

type Reader = Pick<Tx, "query">;

export type RunFilter = {
  /** Names as the API uses them, such as QUEUED or COMPLETED. */
  statuses?: string[] | undefined;
  tasks?: string[] | undefined;
  /** Runs that carry all of these. */
  tags?: string[] | undefined;
  versions?: string[] | undefined;
  /** `task/<task>`, or the name of a queue. */
  queues?: string[] | undefined;
  schedule?: string | undefined;
  batch?: string | undefined;
  isTest?: boolean | undefined;
  /** Created within these moments, both included. */
  from?: Date | undefined;
  to?: Date | undefined;
  /** The run after which (older) or before which (newer) the page begins. */
  after?: string | undefined;
  before?: string | undefined;
  limit: number;
};

/** One page of runs, newest first, and whether there are more in the direction of reading. */
export async function listRuns(db: Reader, filter: RunFilter): Promise<{ runs: RunRow[]; hasMore: boolean }> {
  const cursor = filter.after ?? filter.before;
  const at = cursor === undefined ? null : await findRun(db, cursor);
  if (cursor !== undefined && !at) return { runs: [], hasMore: false };
  const newer = filter.after === undefined && filter.before !== undefined;
  const statuses =
    filter.statuses && RUN_STATUSES.filter((status) => filter.statuses?.includes(apiStatus(status)));
  // A run that waits is one that executes, by its status alone.
  const waiting = filter.statuses?.includes("WAITING") ?? true;
  const { rows } = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM local_trigger.runs
     WHERE ($1::text[] IS NULL OR CASE WHEN execution_status = 'EXECUTING_WITH_WAITPOINTS' THEN $14 ELSE status = ANY ($1) END)
       AND ($2::text[] IS NULL OR task_identifier = ANY ($2))
       AND tags @> $3 AND ($4::bigint IS NULL OR CASE WHEN $5 THEN number > $4 ELSE number < $4 END)
       AND ($7::text[] IS NULL OR version = ANY ($7)) AND ($8::text[] IS NULL OR queue = ANY ($8))
       AND ($9::text IS NULL OR schedule_id = $9) AND ($10::text IS NULL OR batch_id = $10)
       AND ($11::boolean IS NULL OR is_test = $11)
       AND ($12::timestamptz IS NULL OR created_at >= $12) AND ($13::timestamptz IS NULL OR created_at <= $13)
     ORDER BY CASE WHEN $5 THEN number ELSE -number END LIMIT $6`,
    [
      statuses ?? null,
      filter.tasks ?? null,
      filter.tags ?? [],
      at?.number ?? null,
      newer,
      filter.limit + 1,
      filter.versions ?? null,
      filter.queues ?? null,
      filter.schedule ?? null,
      filter.batch ?? null,
      filter.isTest ?? null,
      filter.from ?? null,
      filter.to ?? null,
      waiting,
    ],
  );
  const runs = rows.slice(0, filter.limit);
  return { runs: newer ? runs.reverse() : runs, hasMore: rows.length > filter.limit };
}

/** The newest runs that carry all tags and are not older than `since`. */
export async function runsWithTags(
  db: Reader,
  tags: string[],
  since: Date,
  limit: number,
): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM local_trigger.runs
     WHERE tags @> $1 AND created_at >= $2 ORDER BY number DESC LIMIT $3`,
    [tags, since, limit],
  );
  return rows;
}

/** The root, parent and children of a run, as far as they are there. */
export async function relatedRuns(
  db: Reader,
  run: RunRow,
): Promise<{ root: RunRow | null; parent: RunRow | null; children: RunRow[] }> {
  const [root, parent, children] = await Promise.all([
    run.rootRunId ? findRun(db, run.rootRunId) : null,
    run.parentRunId ? findRun(db, run.parentRunId) : null,
    db.query<RunRow>(
      `SELECT ${RUN_COLUMNS} FROM local_trigger.runs WHERE parent_run_id = $1 ORDER BY number LIMIT 100`,
      [run.id],
    ),
  ]);
  return { root, parent, children: children.rows };
}
