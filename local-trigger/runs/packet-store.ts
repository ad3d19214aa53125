import type { Database, Tx } from "../database.ts";

/** A payload or output that is kept beside its run, as opaque bytes. */
export type StoredPacket = { contentType: string; body: Buffer };

export async function readPacket(db: Database, path: string): Promise<StoredPacket | null> {
  const { rows } = await db.query<StoredPacket>(
    `SELECT content_type AS "contentType", body FROM local_trigger.packets WHERE path = $1`,
    [path],
  );
  return rows[0] ?? null;
}

/** Stores the packet; one that is sent again replaces what was there. */
export async function writePacket(db: Database, path: string, packet: StoredPacket): Promise<void> {
  await db.query(
    `INSERT INTO local_trigger.packets (path, content_type, body) VALUES ($1, $2, $3)
     ON CONFLICT (path) DO UPDATE
       SET content_type = excluded.content_type, body = excluded.body, updated_at = clock_timestamp()`,
    [path, packet.contentType, packet.body],
  );
}

/** Removes what these runs keep beside them. */
export async function deletePacketsOf(tx: Tx, runIds: string[]): Promise<void> {
  await tx.query(
    `DELETE FROM local_trigger.packets WHERE path IN (
       SELECT payload FROM local_trigger.runs WHERE id = ANY ($1) AND payload_type = 'application/store'
       UNION ALL
       SELECT output FROM local_trigger.runs WHERE id = ANY ($1) AND output_type = 'application/store')`,
    [runIds],
  );
}
