import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { startPostgres, stopPostgres } from "../../../scripts/lib/postgres.mjs";
import { childrenOf } from "../processor.ts";

/** The Postgres of `npm start`, with its settings: every commit waits for the disk. */
export interface BenchPostgres {
  pid: number;
  /** The address of a new and empty database. */
  freshDatabase: () => Promise<string>;
  stop: () => Promise<void>;
}

export async function startBenchPostgres(): Promise<BenchPostgres> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "longrun-bench-"));
  // Another user's process (`nobody`) has to get in.
  chmodSync(dataDir, 0o711);
  const server = await startPostgres({ dataDir });
  let count = 0;
  return {
    pid: server.pid,
    freshDatabase: async () => {
      const name = `bench_${++count}`;
      const client = new pg.Client({ connectionString: server.url("postgres") });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return server.url(name);
    },
    stop: async () => {
      await stopPostgres(server.pid);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function postgresProcesses({ pid }: BenchPostgres): number[] {
  return process.platform === "linux" ? [pid, ...childrenOf(pid)] : [];
}
