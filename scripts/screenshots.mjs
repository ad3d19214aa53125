#!/usr/bin/env node
// `node scripts/screenshots.mjs`: the README's picture, and the set to look at in test-results/screenshots.
import { runTypeScript } from "./lib/run-typescript.mjs";

await runTypeScript(["tests/screenshots/main.ts"]);
