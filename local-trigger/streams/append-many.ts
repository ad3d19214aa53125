import type { Database } from "../database.ts";
import type { AppendResult, NewRecord } from "../wire/records.ts";
import { storedHeaders, storedText } from "./stored-text.ts";

export type AppendJob = { stream: string; records: NewRecord[]; partId?: string | undefined };

type Row = { append: number; first_seq: number; end_seq: number; recorded: number };

/**
 * Commits appends to several streams at once. `undefined` for those that append_records has to do: to a stream that is new or
 * locked, with a trim, and all of them when a part id is a repetition.
 */
export async function appendMany(db: Database, jobs: AppendJob[]): Promise<(AppendResult | undefined)[]> {
  const results: (AppendResult | undefined)[] = jobs.map(() => undefined);
  const places = placesOf(jobs);
  if (places.length === 0) return results;
  const chosen = places.map((place) => jobs[place] as AppendJob);
  const records = chosen.flatMap((job, index) => job.records.map((record) => ({ of: index + 1, record })));
  const { rows } = await db
    .query<Row>(sql, [
      chosen.map((job) => job.stream),
      chosen.map((job) => job.partId ?? null),
      records.map(({ of }) => of),
      JSON.stringify(records.map(({ record }) => storedText(record.body))),
      JSON.stringify(records.map(({ record }) => storedHeaders(record.headers))),
    ])
    .catch(noRows);
  for (const row of rows) {
    const place = places[row.append - 1];
    if (place !== undefined) results[place] = toResult(row);
  }
  return results;
}

export function toResult(row: Omit<Row, "append">): AppendResult {
  return { first: row.first_seq, next: row.end_seq, timestamp: row.recorded, duplicate: false };
}

/** For a repeated part id: nothing was stored, and each append has to find out for itself. Everything else is thrown on. */
export function noRows(error: unknown): { rows: never[] } {
  if (error instanceof Error && "code" in error && error.code === uniqueViolation) return { rows: [] };
  throw error;
}

const uniqueViolation = "23505";
// Bodies are JSON themselves: as elements of an array literal each of their quotes would be escaped one by one.
const sql = `select * from local_trigger.append_many($1, $2, $3,
  array(select json_array_elements_text($4)), array(select jsonb_array_elements($5)))`;

// What must be done alone keeps its place before the later appends of its stream.
function placesOf(jobs: AppendJob[]): number[] {
  const alone = new Set<string>();
  const places: number[] = [];
  jobs.forEach(({ stream, records }, place) => {
    const plain = records.length > 0 && records.every((record) => record.trimTo === undefined);
    if (plain && !alone.has(stream)) places.push(place);
    else alone.add(stream);
  });
  return places;
}
