import type { Database } from "../database.ts";

export type Snapshot = { contentType: string; body: Buffer };

/** The newest transcript blob of a session, as opaque bytes; null before the first write. */
export async function readSnapshot(db: Database, sessionId: string): Promise<Snapshot | null> {
  const { rows } = await db.query<Snapshot>(
    `select content_type as "contentType", body from local_trigger.snapshots where session_id = $1`,
    [sessionId],
  );
  return rows[0] ?? null;
}

/** Replaces the blob; false when the session is not there or was deleted. */
export async function writeSnapshot(db: Database, sessionId: string, snapshot: Snapshot): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into local_trigger.snapshots (session_id, content_type, body)
     select id, $2, $3 from local_trigger.sessions where id = $1 and purged_at is null for share
     on conflict (session_id) do update
       set content_type = excluded.content_type, body = excluded.body, updated_at = clock_timestamp()`,
    [sessionId, snapshot.contentType, snapshot.body],
  );
  return rowCount === 1;
}
