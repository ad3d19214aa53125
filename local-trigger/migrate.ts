import { existsSync, readdirSync, readFileSync } from "node:fs";
import type pg from "pg";

// Beside this file when it runs from source; one folder further when it runs as build/local-trigger.mjs.
const folders = [
  new URL("./migrations/", import.meta.url),
  new URL("../local-trigger/migrations/", import.meta.url),
];

/** Applies every `migrations/NNN_name.sql` that is not yet applied, in order, each in a transaction of its own. */
export async function migrate(pool: pg.Pool): Promise<void> {
  const folder = folders.find((url) => existsSync(url));
  if (!folder)
    throw new Error("The folder local-trigger/migrations is missing: run from a complete checkout.");
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const client = await pool.connect();
  try {
    await client.query("create schema if not exists local_trigger");
    await client.query(
      "create table if not exists local_trigger.migrations (name text primary key, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ name: string }>("select name from local_trigger.migrations");
    const applied = new Set(rows.map((row) => row.name));
    for (const name of names) {
      if (!applied.has(name)) await apply(client, name, readFileSync(new URL(name, folder), "utf8"));
    }
  } finally {
    client.release();
  }
}

async function apply(client: pg.PoolClient, name: string, sql: string): Promise<void> {
  await client.query("begin");
  try {
    await client.query(sql);
    await client.query("insert into local_trigger.migrations (name) values ($1)", [name]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw new Error(`The migration ${name} of local-trigger failed.`, { cause: error });
  }
}
