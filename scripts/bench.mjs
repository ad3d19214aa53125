#!/usr/bin/env node
// `npm run bench`: time to first token through the whole line, against a plain route with the same model.
import { runTypeScript } from "./lib/run-typescript.mjs";

await runTypeScript(["tests/bench/main.ts", "tests/bench/plain-route.ts"]);
