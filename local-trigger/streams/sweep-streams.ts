import type { Tx } from "../database.ts";

type Reader = Pick<Tx, "query">;

/** Deletes all streams of runs that are gone. Unlike a removal it leaves no mark: nobody writes to them any more. */
export async function dropStreamsOfRuns(tx: Tx, runIds: string[]): Promise<void> {
  const { rows } = await tx.query<{ id: number }>(
    `delete from local_trigger.streams s using unnest($1::text[]) as run(id)
     where s.name >= 'runs/' || run.id || '/' and s.name < 'runs/' || run.id || '0' returning s.id`,
    [runIds],
  );
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await tx.query("delete from local_trigger.stream_records where stream_id = any($1)", [ids]);
  await tx.query("delete from local_trigger.stream_trims where stream_id = any($1)", [ids]);
}

/** Forgets that streams were removed before this moment. */
export async function dropRemovalMarks(db: Reader, before: Date): Promise<number> {
  return (await db.query("delete from local_trigger.removed_prefixes where removed_at < $1", [before]))
    .rowCount;
}

/** Inputs of sessions that hold records older than a moment, beyond the newest `keep`; in order, after `last`. */
export async function longInputs(
  db: Reader,
  options: { before: Date; keep: number; last: string; limit: number },
): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select s.name from local_trigger.streams s
     where s.name > $3 and s.name like 'sessions/%/in' and s.name not like 'sessions/%/channels/%'
       and exists (select from local_trigger.stream_records r
                   where r.stream_id = s.id and r.seq < s.next_seq - $2 and r.recorded_at < $1)
     order by s.name limit $4`,
    [options.before.getTime(), options.keep, options.last, options.limit],
  );
  return rows.map(({ name }) => name);
}

/** Side channels of sessions that hold records older than a moment; in order, after `last`. */
export async function oldChannels(
  db: Reader,
  options: { before: Date; last: string; limit: number },
): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select s.name from local_trigger.streams s
     where s.name > $2 and s.name like 'sessions/%/channels/%'
       and exists (select from local_trigger.stream_records r where r.stream_id = s.id and r.recorded_at < $1)
     order by s.name limit $3`,
    [options.before.getTime(), options.last, options.limit],
  );
  return rows.map(({ name }) => name);
}

/** Deletes the records below a number that are older than a moment; how many. */
export async function dropRecords(
  db: Reader,
  stream: string,
  options: { below: number; before: Date },
): Promise<number> {
  const { rowCount } = await db.query(
    `delete from local_trigger.stream_records r using local_trigger.streams s
     where s.name = $1 and r.stream_id = s.id and r.seq < $2 and r.recorded_at < $3`,
    [stream, options.below, options.before.getTime()],
  );
  return rowCount;
}
