import type { Database } from "../database.ts";
import { purgeRunsOfSession } from "../runs/purge-runs.ts";
import type { Sweep } from "../runs/run-retention.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { dropRecords, dropRemovalMarks, longInputs, oldChannels } from "../streams/sweep-streams.ts";
import { headerOf, inEventIdHeader, turnCompleteHeader } from "../wire/session-records.ts";
import { chatOfStream, sessionStreamsPrefix } from "../wire/stream-names.ts";
import { lockSession, purgeRow } from "./session-store.ts";

const BATCH = 100;
/**
 * The newest records of an input stay whatever their age. A run that boots reads on at the last record that its own
 * store has seen, and that store may be some turns behind the stream.
 */
export const KEPT_INPUT = 100;

/** What remains of deleted sessions. Their last runs become ordinary ones, which are swept like all others. */
export const sweepTombstones: Sweep = async (db, before) => {
  await dropRemovalMarks(db, before);
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      `SELECT id FROM local_trigger.sessions WHERE purged_at < $1 ORDER BY purged_at LIMIT ${BATCH}
       FOR UPDATE SKIP LOCKED`,
      [before],
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await tx.query(`UPDATE local_trigger.runs SET session_id = NULL WHERE session_id = ANY ($1)`, [ids]);
    await tx.query(`DELETE FROM local_trigger.snapshots WHERE session_id = ANY ($1)`, [ids]);
    await tx.query(`DELETE FROM local_trigger.sessions WHERE id = ANY ($1)`, [ids]);
    return ids.length;
  });
};

/**
 * Sessions that were closed before the moment and of which no run lives: what they hold goes as if they were deleted,
 * and a tombstone remains. How many it found.
 */
export async function sweepClosed(db: Database, streams: StreamStore, before: Date): Promise<number> {
  const { rows } = await db.query<{ id: string; key: string }>(
    `SELECT s.id, coalesce(s.external_id, s.id) AS key FROM local_trigger.sessions s
     WHERE s.closed_at < $1 AND s.purged_at IS NULL AND NOT EXISTS (
       SELECT FROM local_trigger.runs r WHERE r.session_id = s.id AND r.completed_at IS NULL)
     ORDER BY s.closed_at LIMIT ${BATCH}`,
    [before],
  );
  for (const { id, key } of rows) {
    await db.transaction(async (tx) => {
      await lockSession(tx, id);
      await streams.remove(sessionStreamsPrefix(key), tx);
      await purgeRunsOfSession(tx, id);
      await purgeRow(tx, id);
    });
  }
  return rows.length;
}

/** Records of side channels that are older than the moment, where the session's runs have ended. How many went. */
export async function sweepChannels(db: Database, streams: StreamStore, before: Date): Promise<number> {
  let dropped = 0;
  for (let last = ""; ;) {
    const channels = await oldChannels(db, { before, last, limit: BATCH });
    for (const channel of channels) {
      if (await hasLiveRun(db, chatOfStream(channel) ?? "")) continue;
      dropped += await dropRecords(db, channel, { below: Number.MAX_SAFE_INTEGER, before });
      streams.deleted();
    }
    last = channels.at(-1) ?? "";
    if (channels.length < BATCH) return dropped;
  }
}

async function hasLiveRun(db: Database, key: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT FROM local_trigger.sessions s JOIN local_trigger.runs r ON r.session_id = s.id
     WHERE (s.external_id = $1 OR s.id = $1) AND r.completed_at IS NULL LIMIT 1`,
    [key],
  );
  return rowCount > 0;
}

/**
 * Records of `.in` that a finished turn has consumed, that are older than the moment and not among the newest. How
 * many went. What no turn has consumed stays, however old it is.
 */
export async function sweepInputs(db: Database, streams: StreamStore, before: Date): Promise<number> {
  let dropped = 0;
  for (let last = ""; ;) {
    const inputs = await longInputs(db, { before, keep: KEPT_INPUT, last, limit: BATCH });
    for (const input of inputs) {
      const output = input.replace(/\/in$/, "/out");
      const newest = await streams.lastWithHeader(output, turnCompleteHeader);
      const consumed = Number((newest && headerOf(newest, inEventIdHeader)) ?? -1);
      const { next } = await streams.bounds(input);
      // One past what is consumed is the first that somebody still needs.
      const below = Math.min(consumed + 1, next - KEPT_INPUT);
      const gone = below > 0 ? await dropRecords(db, input, { below, before }) : 0;
      if (gone > 0) streams.deleted();
      dropped += gone;
    }
    last = inputs.at(-1) ?? "";
    if (inputs.length < BATCH) return dropped;
  }
}
