import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { ensureDatabase, migrate } from "../../scripts/lib/migrate.mjs";
import { startPostgres, stopPostgres } from "../../scripts/lib/postgres.mjs";

declare module "vitest" {
  export interface ProvidedContext {
    /** Connection string of the server's maintenance database. */
    postgresAdminUrl: string;
  }
}

/** One real Postgres for the whole run of the tests, with a migrated template database to clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "longrun-test-pg-"));
  // Another user's process (`nobody`) has to get in.
  chmodSync(dataDir, 0o711);
  // A crash would lose only throw-away data, so the tests need not wait for the disk.
  const server = await startPostgres({ dataDir, settings: { fsync: "off", max_connections: "300" } });
  const template = server.url("longrun_template");
  await ensureDatabase(template, server.url("postgres"));
  await migrate(template, path.resolve("prisma/migrations"));
  project.provide("postgresAdminUrl", server.url("postgres"));
  return async () => {
    await stopPostgres(server.pid);
    rmSync(dataDir, { recursive: true, force: true });
  };
}
