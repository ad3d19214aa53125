import { fileURLToPath } from "node:url";
import { defineConfig } from "prisma/config";

// Prisma downloads its schema engine from a host of its own. The same engine, built to WASM, is an
// npm package; naming our wrapper of it here makes the plain `prisma` command work with no download.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(
  new URL("./scripts/prisma-schema-engine.mjs", import.meta.url),
);

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // `generate` needs no database; the migrate commands fail with Prisma's own clear message without one.
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
