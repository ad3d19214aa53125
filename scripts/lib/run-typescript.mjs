// Runs a TypeScript program of this repository: bundled with the repository's own esbuild, packages outside.
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** Bundles `entries` into `build/tools` and returns where the first one is. */
async function bundle(entries) {
  const { build } = await import("esbuild");
  const outdir = path.join(root, "build", "tools");
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    outbase: "tests",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return path.join(outdir, path.relative("tests", entries[0]).replace(/\.ts$/, ".mjs"));
}

/** Installs what is missing, then runs the first entry in the root folder; ends with its exit code. */
export async function runTypeScript(entries, args = process.argv.slice(2)) {
  await ensureInstalled(root, (line) => console.log(line));
  const child = spawn(process.execPath, [await bundle(entries), ...args], { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.once("close", (code) => {
    process.exitCode = code ?? 1;
  });
}
