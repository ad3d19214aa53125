import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPostgres, stopPostgres } from "./postgres.mjs";
import { isAlive } from "./processes.mjs";

let folder: string;
let pids: number[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "longrun-pg-"));
  chmodSync(folder, 0o711);
  pids = [];
});
afterEach(async () => {
  for (const pid of pids) await stopPostgres(pid);
  rmSync(folder, { recursive: true, force: true });
});

const start = async (dataDir: string) => {
  const server = await startPostgres({ dataDir });
  pids.push(server.pid);
  return server;
};

async function query(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("a server that an earlier kill left behind is adopted, with its data and its port", async () => {
  const first = await start(folder);
  await query(first.url("postgres"), "CREATE TABLE kept AS SELECT 1 AS one");
  const second = await start(folder);
  expect(second).toMatchObject({ pid: first.pid, port: first.port, adopted: true });
  expect(await query(second.url("postgres"), "SELECT one FROM kept")).toEqual([{ one: 1 }]);
});

test("after a kill -9 the server starts again on the same port with all that was committed", async () => {
  const first = await start(folder);
  await query(first.url("postgres"), "CREATE TABLE kept AS SELECT 1 AS one");
  process.kill(first.pid, "SIGKILL");
  while (isAlive(first.pid)) await sleep(10);
  const second = await start(folder);
  expect(second.port).toBe(first.port);
  expect(second.adopted).toBe(false);
  expect(await query(second.url("postgres"), "SELECT one FROM kept")).toEqual([{ one: 1 }]);
});

test("it works below a folder that only its owner may enter", async () => {
  const closed = path.join(folder, "closed");
  mkdirSync(closed, { mode: 0o700 });
  const server = await start(path.join(closed, "data"));
  expect(await query(server.url("postgres"), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("a damaged data folder is one clear sentence that names the fix", async () => {
  const server = await start(folder);
  await stopPostgres(server.pid);
  rmSync(path.join(folder, "postgres", "cluster", "PG_VERSION"));
  await expect(start(folder)).rejects.toThrow(
    /The data folder is damaged: .* Restore it from a backup, or delete/,
  );
});

test("a cluster whose control file is damaged says why Postgres does not start", async () => {
  const server = await start(folder);
  await stopPostgres(server.pid);
  writeFileSync(path.join(folder, "postgres", "cluster", "global", "pg_control"), "rubbish");
  await expect(start(folder)).rejects.toThrow(/Postgres does not start: /);
});
