import type { App } from "../../support/app.ts";
import { eventually } from "../../support/eventually.ts";

/** What the database did for the application's own tables; what local-trigger keeps beside them does not count. */
export interface Statements {
  statements: number;
  /** Rows that were given back or written. */
  rows: number;
  /** Pages of 8 kB that were looked at. */
  pages: number;
  /** Kilobytes of write-ahead log. */
  logKb: number;
  /** Milliseconds of planning and executing. */
  ms: number;
}

const SUM = `
  SELECT COALESCE(sum(calls), 0)::float8 AS "statements", COALESCE(sum(rows), 0)::float8 AS "rows",
         COALESCE(sum(shared_blks_hit + shared_blks_read), 0)::float8 AS "pages",
         COALESCE(sum(wal_bytes) / 1000, 0)::float8 AS "logKb",
         COALESCE(sum(total_exec_time + total_plan_time), 0)::float8 AS "ms"
  FROM bench.pg_stat_statements
  WHERE query ~ '"(Chat|ChatSession|Message|QueuedInput|Turn|Usage|User)"'`;

/** Restarts the application's Postgres with its own count of statements. */
export async function countStatements(app: App): Promise<void> {
  await app.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  const old = app.kill9("postgres");
  await app.waitForNewPid("postgres", old);
  await app.healthy();
  await app.query(`CREATE SCHEMA IF NOT EXISTS bench`);
  await app.query(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA bench`);
  await app.query(`ALTER SYSTEM SET pg_stat_statements.track_planning = on`);
  await app.query(`SELECT pg_reload_conf()`);
}

/** What the application's tables cost while `work` ran, and until nothing of it went on. */
export async function statementsOf(app: App, work: () => Promise<void>): Promise<Statements> {
  await app.query(`SELECT bench.pg_stat_statements_reset()`);
  await work();
  let last: Statements | undefined;
  let quiet = 0;
  return await eventually(
    async () => {
      const [now] = await app.query<Statements>(SUM);
      quiet = now && now.statements === last?.statements ? quiet + 1 : 0;
      last = now;
      return quiet >= 4 && now;
    },
    { what: () => `the database does not come to rest: ${JSON.stringify(last)}`, everyMs: 100 },
  );
}
