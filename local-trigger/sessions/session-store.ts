import type { Database, Tx } from "../database.ts";
import { lockKey } from "../database.ts";
import type { CreateSession, ListSessions, UpdateSession } from "../wire/session-bodies.ts";
import { newId } from "../wire/ids.ts";
import { listSql, type Page } from "./session-list.ts";
import type { Session } from "./session.ts";

type Queryable = Pick<Database, "query"> | Tx;

const columns = `id, external_id as "externalId", type, task_identifier as "taskIdentifier",
  trigger_config as "triggerConfig", tags, metadata, current_run_id as "currentRunId", closed_at as "closedAt",
  closed_reason as "closedReason", expires_at as "expiresAt", purged_at as "purgedAt",
  stalled_runs as "stalledRuns", stalled_since_seq as "stalledSinceSeq",
  created_at as "createdAt", updated_at as "updatedAt"`;

/** Finds a session by its `session_…` id or its external id. */
export async function findSession(db: Queryable, key: string): Promise<Session | null> {
  const column = key.startsWith("session_") ? "id" : "external_id";
  const { rows } = await db.query<Session>(
    `select ${columns} from local_trigger.sessions where ${column} = $1`,
    [key],
  );
  return rows[0] ?? null;
}

/** Waits for the session's lock, then reads the row as it is under the lock. */
export async function lockSession(tx: Tx, id: string): Promise<Session> {
  await lockKey(tx, `session:${id}`);
  const session = await findSession(tx, id);
  if (!session) throw new Error(`The session ${id} has no row.`);
  return session;
}

/** Inserts a session, or answers null when the external id is taken; waits for a concurrent insert of the same id to end. */
export async function insertSession(tx: Tx, body: CreateSession): Promise<Session | null> {
  const { rows } = await tx.query<Session>(
    `insert into local_trigger.sessions
       (id, external_id, type, task_identifier, trigger_config, tags, metadata, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (external_id) do nothing returning ${columns}`,
    [
      newId("session"),
      body.externalId ?? null,
      body.type,
      body.taskIdentifier,
      JSON.stringify(body.triggerConfig),
      body.tags ?? [],
      body.metadata ? JSON.stringify(body.metadata) : null,
      body.expiresAt ?? null,
    ],
  );
  return rows[0] ?? null;
}

/** Takes over what a repeated create brings; it holds for future runs. */
export async function writeThrough(tx: Tx, id: string, body: CreateSession): Promise<Session> {
  return one(
    await tx.query<Session>(
      `update local_trigger.sessions set trigger_config = $2, tags = coalesce($3, tags),
         metadata = coalesce($4, metadata), expires_at = coalesce($5, expires_at), updated_at = clock_timestamp()
       where id = $1 returning ${columns}`,
      [
        id,
        JSON.stringify(body.triggerConfig),
        body.tags ?? null,
        body.metadata ? JSON.stringify(body.metadata) : null,
        body.expiresAt ?? null,
      ],
    ),
  );
}

export async function updateSession(tx: Tx, id: string, body: UpdateSession): Promise<Session> {
  return one(
    await tx.query<Session>(
      `update local_trigger.sessions set tags = coalesce($2, tags),
         metadata = case when $3 then $4::json else metadata end, updated_at = clock_timestamp()
       where id = $1 returning ${columns}`,
      [
        id,
        body.tags ?? null,
        body.metadata !== undefined,
        body.metadata ? JSON.stringify(body.metadata) : null,
      ],
    ),
  );
}

export async function setCurrentRun(tx: Tx, id: string, runId: string): Promise<Session> {
  return one(
    await tx.query<Session>(
      `update local_trigger.sessions set current_run_id = $2, updated_at = clock_timestamp()
       where id = $1 returning ${columns}`,
      [id, runId],
    ),
  );
}

/** Closes once: a second call changes neither time nor reason, but may still ask for the purge. */
export async function setClosed(
  tx: Tx,
  id: string,
  close: { reason: string | null; purge: boolean },
): Promise<Session> {
  return one(
    await tx.query<Session>(
      `update local_trigger.sessions set
         closed_reason = case when closed_at is null then $2 else closed_reason end,
         closed_at = coalesce(closed_at, clock_timestamp()),
         purge_requested = purge_requested or $3,
         updated_at = case when closed_at is null then clock_timestamp() else updated_at end
       where id = $1 returning ${columns}`,
      [id, close.reason, close.purge],
    ),
  );
}

/** Sessions whose deletion was asked for and is not finished. */
export async function unfinishedPurges(db: Queryable): Promise<Session[]> {
  const { rows } = await db.query<Session>(
    `select ${columns} from local_trigger.sessions where purge_requested and purged_at is null`,
  );
  return rows;
}

/** Empties the row down to its tombstone and deletes its snapshot. */
export async function purgeRow(tx: Tx, id: string): Promise<void> {
  await tx.query("delete from local_trigger.snapshots where session_id = $1", [id]);
  await tx.query(
    `update local_trigger.sessions set purged_at = clock_timestamp(), updated_at = clock_timestamp(),
       trigger_config = '{"basePayload":{}}', metadata = null, tags = '{}'
     where id = $1`,
    [id],
  );
}

/** Remembers how many runs in a row ended without finishing a turn, since which turn-complete. */
export async function setStalled(tx: Tx, id: string, runs: number, sinceSeq: number): Promise<void> {
  await tx.query(
    "update local_trigger.sessions set stalled_runs = $2, stalled_since_seq = $3 where id = $1",
    [id, runs, sinceSeq],
  );
}

/** A page of sessions, newest first. */
export async function listSessions(db: Queryable, query: ListSessions): Promise<Page> {
  const { text, values } = listSql(columns, query);
  const { rows } = await db.query<Session>(text, values);
  const size = query["page[size]"];
  const backwards = query["page[before]"] !== undefined;
  const sessions = backwards ? rows.slice(0, size).reverse() : rows.slice(0, size);
  const more = rows.length > size;
  const hasNext = backwards ? sessions.length > 0 : more;
  const hasPrevious = backwards ? more : query["page[after]"] !== undefined && sessions.length > 0;
  return {
    sessions,
    ...(hasNext ? { next: sessions.at(-1)?.id } : {}),
    ...(hasPrevious ? { previous: sessions[0]?.id } : {}),
  };
}

function one<T>(result: { rows: T[] }): T {
  const row = result.rows[0];
  if (!row) throw new Error("The session's row is missing.");
  return row;
}
