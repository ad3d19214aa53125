#!/usr/bin/env node
// `npm run bench`: every figure of the docs; `npm run bench -- <name>` one of them.
import { cpSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runTypeScript } from "./lib/run-typescript.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const processes = readdirSync(path.join(root, "tests/bench"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith("-process.ts"))
  .map((file) => path.join("tests/bench", file));

// A server looks for its migrations beside its bundle.
cpSync(path.join(root, "local-trigger/migrations"), path.join(root, "build/tools/bench/relay/migrations"), {
  recursive: true,
});
await runTypeScript(["tests/bench/main.ts", ...processes]);
