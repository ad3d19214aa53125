import type { Tx } from "../database.ts";
import { dropStreamsOfRuns } from "../streams/sweep-streams.ts";
import { deletePacketsOf } from "./packet-store.ts";

/** Empties the runs of a session and those that came of them: payloads, outputs, metadata, tags, packets and streams. */
export async function purgeRunsOfSession(tx: Tx, sessionId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `WITH own AS (SELECT id FROM local_trigger.runs WHERE session_id = $1)
     SELECT id FROM own UNION
     SELECT r.id FROM local_trigger.runs r JOIN own ON r.root_run_id = own.id ORDER BY id`,
    [sessionId],
  );
  const ids = rows.map(({ id }) => id);
  await deletePacketsOf(tx, ids);
  await dropStreamsOfRuns(tx, ids);
  await tx.query(
    `UPDATE local_trigger.runs SET payload = '{}', payload_type = 'application/json', output = NULL,
       output_type = 'application/json', error = NULL, metadata = NULL, tags = '{}' WHERE id = ANY ($1)`,
    [ids],
  );
}
