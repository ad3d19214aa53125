import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildTasks } from "../../../scripts/build-tasks.mjs";
import { linkTasks } from "../../../scripts/lib/tasks-link.mjs";
import type { App } from "../../support/app.ts";
import { eventually } from "../../support/eventually.ts";

const LEFT_OUT = new Set([".git", ".data", "test-results", "build", "trigger"]);

/**
 * Deploys other task code to a running application: `files` are written over a copy of `trigger`, all else is the
 * project's own. Resolves when new runs take it, with what removes the build.
 */
export async function deployChanged(app: App, files: Record<string, string>): Promise<() => void> {
  const projectDir = mkdtempSync(path.join(tmpdir(), "longrun-changed-"));
  const running = realpathSync(path.join(app.dataDir, "run", "tasks"));
  const outDir = path.join(path.dirname(running), `changed-${process.pid}`);
  try {
    for (const entry of readdirSync(".", { withFileTypes: true })) {
      const [from, to] = [path.resolve(entry.name), path.join(projectDir, entry.name)];
      if (LEFT_OUT.has(entry.name)) continue;
      // Imports such as `#trigger/…` are resolved from where package.json really is.
      if (entry.isDirectory() || entry.isSymbolicLink()) symlinkSync(from, to);
      else copyFileSync(from, to);
    }
    cpSync("trigger", path.join(projectDir, "trigger"), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(projectDir, "trigger", name), text);
    }
    await buildTasks({ projectDir, outDir });
  } finally {
    rmSync(projectDir, { recursive: true, force: true });
  }
  const before = await currentVersion(app);
  linkTasks(app.dataDir, outDir);
  process.kill(app.pid("worker") ?? 0, "SIGHUP");
  await eventually(async () => (await currentVersion(app)) !== before, {
    what: () => `the changed tasks were not taken\n${app.logs()}`,
    ms: 20_000,
  });
  return () => rmSync(outDir, { recursive: true, force: true });
}

async function currentVersion(app: App): Promise<string> {
  const response = await app.trigger("/api/v1/deployments/current");
  return ((await response.json()) as { version: string }).version;
}
