import type { Database, Tx } from "../database.ts";
import {
  StreamRemoved,
  type AppendResult,
  type NewRecord,
  type StreamBounds,
  type StreamRecord,
  type StreamStore,
} from "./stream-store.ts";
import { appendMany, type AppendJob } from "./append-many.ts";
import { GroupCommit } from "./group-commit.ts";
import { storedHeaders, storedText } from "./stored-text.ts";
import { Tails, type TailPage } from "./tails.ts";
import type { TokenCipher } from "./token-cipher.ts";

type Queryable = Pick<Database, "query"> | Tx;
type Options = { tx?: Tx };
type ReadOptions = Options & { from: number; limit?: number; maxBytes?: number };
type RecordRow = { seq: number; recorded_at: number; body: string; headers: [string, string][] };
type PageRow = BoundsRow & { records: [number, number, string, [string, string][]][] | null };
type Settings = { trimDelayMs?: number; tokens: TokenCipher };
type BoundsRow = { first_seq: number; next_seq: number; last_timestamp: number };

const empty: StreamBounds = { first: 0, next: 0, timestamp: 0 };
const defaultTrimDelayMs = 15_000;

/**
 * The stream store in Postgres. An append outside a transaction is one statement; appends that arrive together are committed
 * together. Who follows a stream at its end reads it from memory.
 */
export class PostgresStreamStore implements StreamStore {
  private readonly tails = new Tails();
  private readonly commits: GroupCommit<AppendJob, AppendResult>;

  constructor(
    private readonly db: Database,
    private readonly settings: Settings,
  ) {
    this.commits = new GroupCommit({
      together: (jobs) => appendMany(db, jobs),
      alone: (job) => this.appendAlone(db, job),
      keyOf: (job) => job.stream,
      sizeOf: (job) => job.records.reduce((sum, record) => sum + record.body.length, 0),
    });
  }

  async append(
    stream: string,
    records: NewRecord[],
    options: Options & { partId?: string } = {},
  ): Promise<AppendResult> {
    const job = { stream, records: this.sealed(stream, records), partId: options.partId };
    const { tx } = options;
    const result = await (tx ? this.appendAlone(tx, job) : this.commits.run(job));
    if (tx) tx.afterCommit(() => this.appended(stream, result, records));
    else this.appended(stream, result, records);
    return result;
  }

  /** As they are kept. Readers at the end are given them as they came. */
  private sealed(stream: string, records: NewRecord[]): NewRecord[] {
    return records.map((record) =>
      record.headers ? { ...record, headers: this.settings.tokens.seal(stream, record.headers) } : record,
    );
  }

  private async appendAlone(db: Queryable, { stream, records, partId }: AppendJob): Promise<AppendResult> {
    const result = await db
      .query<{ first_seq: number; end_seq: number; recorded: number; duplicate: boolean }>(appendSql, [
        stream,
        records.map((record) => storedText(record.body)),
        records.map((record) => JSON.stringify(storedHeaders(record.headers))),
        records.map((record) => record.trimTo ?? null),
        partId ?? null,
        this.settings.trimDelayMs ?? defaultTrimDelayMs,
      ])
      .catch(rethrowRemoved);
    const row = only(result.rows);
    return { first: row.first_seq, next: row.end_seq, timestamp: row.recorded, duplicate: row.duplicate };
  }

  async read(stream: string, options: ReadOptions): Promise<StreamRecord[]> {
    return (await this.page(stream, options)).records;
  }

  async page(
    stream: string,
    options: ReadOptions,
  ): Promise<{ records: StreamRecord[]; bounds: StreamBounds }> {
    const sawEnd = this.tails.reading(stream);
    const { rows } = await (options.tx ?? this.db).query<PageRow>(pageSql, [
      stream,
      options.from,
      options.limit ?? 1000,
      options.maxBytes ?? Number.MAX_SAFE_INTEGER,
    ]);
    const head = rows[0];
    const bounds = head ? toBounds(head) : empty;
    const records = (head?.records ?? []).map(([seqNum, timestamp, body, headers]) => ({
      seqNum,
      timestamp,
      body,
      headers: this.settings.tokens.open(stream, headers),
    }));
    const seen = records.at(-1)?.seqNum ?? options.from - 1;
    if (!options.tx && seen + 1 >= bounds.next) sawEnd(bounds.next, bounds.timestamp);
    return { records, bounds };
  }

  tail(stream: string, from: number): TailPage | null {
    return this.tails.page(stream, from);
  }

  async bounds(stream: string, options: Options = {}): Promise<StreamBounds> {
    const { rows } = await (options.tx ?? this.db).query<BoundsRow>(boundsSql, [stream]);
    return rows[0] ? toBounds(rows[0]) : empty;
  }

  async lastRecords(stream: string, count: number, options: Options = {}): Promise<StreamRecord[]> {
    const { rows } = await (options.tx ?? this.db).query<RecordRow>(lastSql, [stream, count]);
    return rows.map((row) => this.toRecord(stream, row)).reverse();
  }

  async lastWithHeader(
    stream: string,
    header: [string, string],
    options: Options = {},
  ): Promise<StreamRecord | null> {
    const { rows } = await (options.tx ?? this.db).query<RecordRow>(lastWithHeaderSql, [
      stream,
      JSON.stringify([header]),
    ]);
    return rows[0] ? this.toRecord(stream, rows[0]) : null;
  }

  watch(stream: string, wake: () => void): () => void {
    return this.tails.watch(stream, wake);
  }

  /** Calls `wake` with the stream's name after the commit of every append to any stream. */
  watchAll(wake: (stream: string) => void): () => void {
    return this.tails.watchAll(wake);
  }

  appended(stream: string, result: AppendResult, records: NewRecord[]): void {
    this.tails.appended(stream, result, records);
  }

  deleted(): void {
    this.tails.forgetAll();
  }

  async remove(prefix: string, tx?: Tx): Promise<void> {
    if (!tx) return this.db.transaction((own) => this.remove(prefix, own));
    await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 1))", [prefix]);
    await tx.query("insert into local_trigger.removed_prefixes (prefix) values ($1) on conflict do nothing", [
      prefix,
    ]);
    const { rows } = await tx.query<{ id: number }>(
      "delete from local_trigger.streams where starts_with(name, $1) returning id",
      [prefix],
    );
    const ids = rows.map((row) => row.id);
    await tx.query("delete from local_trigger.stream_records where stream_id = any($1)", [ids]);
    await tx.query("delete from local_trigger.stream_trims where stream_id = any($1)", [ids]);
    tx.afterCommit(() => this.tails.removed(prefix));
  }

  private toRecord(stream: string, { seq, recorded_at, body, headers }: RecordRow): StreamRecord {
    return { seqNum: seq, timestamp: recorded_at, body, headers: this.settings.tokens.open(stream, headers) };
  }

  /** Carries out the trims that are due; how many records of which stream were deleted. */
  async trim(): Promise<{ stream: string; records: number }[]> {
    const { rows } = await this.db.query<{ stream: string; records: number }>(trimSql);
    if (rows.length > 0) this.deleted();
    return rows;
  }
}

const appendSql =
  "select * from local_trigger.append_records($1, $2::text[], $3::jsonb[], $4::bigint[], $5, $6)";

const boundsColumns = `s.next_seq, s.last_timestamp, coalesce(
    (select min(seq) from local_trigger.stream_records where stream_id = s.id), s.next_seq) as first_seq`;

const boundsSql = `select ${boundsColumns} from local_trigger.streams s where s.name = $1`;

// The records come as one JSON text: a thousand small rows would cost more to read than they hold.
const pageSql = `
  select ${boundsColumns}, (
    select json_agg(json_build_array(seq, recorded_at, body, headers) order by seq) from (
      select *, sum(octet_length(body)) over (order by seq) - octet_length(body) as bytes_before
      from (
        select seq, recorded_at, body, headers from local_trigger.stream_records
        where stream_id = s.id and seq >= $2 order by seq limit $3
      ) candidates
    ) measured
    where bytes_before < $4
  ) as records
  from local_trigger.streams s
  where s.name = $1`;

const lastSql = `
  select r.seq, r.recorded_at, r.body, r.headers
  from local_trigger.streams s join local_trigger.stream_records r on r.stream_id = s.id
  where s.name = $1 order by r.seq desc limit $2`;

const lastWithHeaderSql = `
  select r.seq, r.recorded_at, r.body, r.headers
  from local_trigger.streams s join local_trigger.stream_records r on r.stream_id = s.id
  where s.name = $1 and r.headers <> '[]'::jsonb and r.headers @> $2::jsonb
  order by r.seq desc limit 1`;

const trimSql = `
  with due as (
    delete from local_trigger.stream_trims where due_at <= now() returning stream_id, trim_to
  ), gone as (
    delete from local_trigger.stream_records r
    using (select stream_id, max(trim_to) as trim_to from due group by stream_id) d
    where r.stream_id = d.stream_id and r.seq < d.trim_to
    returning r.stream_id
  )
  select s.name as stream, count(*)::int as records
  from gone join local_trigger.streams s on s.id = gone.stream_id group by s.name`;

function toBounds(row: BoundsRow): StreamBounds {
  return { first: row.first_seq, next: row.next_seq, timestamp: row.last_timestamp };
}

function only<T>(rows: T[]): T {
  const row = rows[0];
  if (!row) throw new Error("The append answered no row.");
  return row;
}

function rethrowRemoved(error: unknown): never {
  if (error instanceof Error && "code" in error && error.code === "LT001") throw new StreamRemoved();
  throw error;
}
