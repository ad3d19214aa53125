import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyDatabase, type TestDatabase } from "../../tests/support/database.ts";
import { migrate } from "./migrate.mjs";

const FOLDER = path.resolve("prisma/migrations");

let database: TestDatabase;
beforeAll(async () => {
  database = await emptyDatabase();
});
afterAll(() => database.drop());

const prisma = async (...args: string[]) => {
  const { stdout } = await promisify(execFile)("node_modules/.bin/prisma", args, {
    env: { ...process.env, DATABASE_URL: database.url },
  });
  return stdout;
};

test("two processes that migrate at once apply each migration once, and a third finds nothing to do", async () => {
  const applied = await Promise.all([migrate(database.url, FOLDER), migrate(database.url, FOLDER)]);
  expect(applied.flat()).toEqual(
    readdirSync(FOLDER)
      .filter((name) => !name.endsWith(".toml"))
      .sort(),
  );
  expect(await migrate(database.url, FOLDER)).toEqual([]);
});

test("Prisma's own CLI agrees that the migrations are applied and that they make the schema", async () => {
  expect(await prisma("migrate", "status")).toContain("Database schema is up to date!");
  const diff = [
    "migrate",
    "diff",
    "--from-config-datasource",
    "--to-schema",
    "prisma/schema.prisma",
    "--exit-code",
  ];
  expect(await prisma(...diff)).toContain("No difference detected");
}, 60_000);

test("a migration that was edited after it was applied is refused with the way out", async () => {
  const copy = mkdtempSync(path.join(tmpdir(), "longrun-migrations-"));
  try {
    cpSync(FOLDER, copy, { recursive: true });
    const [first] = readdirSync(copy).filter((name) => !name.endsWith(".toml"));
    writeFileSync(path.join(copy, first ?? "", "migration.sql"), "SELECT 1");
    await expect(migrate(database.url, copy)).rejects.toThrow(
      /was edited after it was applied. Put its file back/,
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
