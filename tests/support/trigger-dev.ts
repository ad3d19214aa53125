import { spawn, type ChildProcess } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually } from "./eventually.ts";

export type TriggerDev = {
  /** Everything that the CLI printed. */
  output(): string;
  pid: number;
  stop(): Promise<void>;
};

const CLI = path.resolve("node_modules/trigger.dev/dist/esm/index.js");
const CONFIG = `import { defineConfig } from "@trigger.dev/sdk";
export default defineConfig({
  project: "proj_longrun", dirs: ["./trigger"], maxDuration: 600, retries: { enabledInDev: true },
});`;

/** A folder with a project of these tasks, and of those in `files`, that uses the packages of this repository. */
export async function triggerProject(
  tasks: string,
  files: string[] = [],
): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(path.join(tmpdir(), "longrun-trigger-dev-"));
  await mkdir(path.join(dir, "trigger"));
  await Promise.all([
    symlink(path.resolve("node_modules"), path.join(dir, "node_modules")),
    writeFile(
      path.join(dir, "package.json"),
      JSON.stringify({ name: "tried", private: true, type: "module" }),
    ),
    // The CLI takes the folder with a lock file for the workspace.
    writeFile(path.join(dir, "package-lock.json"), JSON.stringify({ name: "tried", lockfileVersion: 3 })),
    writeFile(path.join(dir, "trigger.config.ts"), CONFIG),
    writeFile(path.join(dir, "trigger", "tasks.ts"), tasks),
    ...files.map((file) => copyFile(file, path.join(dir, "trigger", path.basename(file)))),
  ]);
  return { dir, remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The unmodified `trigger dev`, headless, once it says that its worker is ready. */
export async function startTriggerDev(options: {
  dir: string;
  apiUrl: string;
  accessToken: string;
  readyMs?: number;
  flags?: string[];
}): Promise<TriggerDev> {
  let output = "";
  const child = spawn(process.execPath, [CLI, "dev", ...FLAGS, ...(options.flags ?? [])], {
    cwd: options.dir,
    env: environment(options),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const collect = (chunk: Buffer) => void (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const stop = () => stopChild(child);
  try {
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(`trigger dev ended with ${child.exitCode}:\n${output}`);
        return /worker ready/i.test(output);
      },
      { what: () => `trigger dev is not ready:\n${output}`, ms: options.readyMs ?? 60_000, everyMs: 100 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { output: () => output, pid: child.pid ?? 0, stop };
}

const FLAGS = [
  "--skip-update-check",
  "--skip-telemetry",
  "--skip-platform-notifications",
  "--skip-mcp-install",
  "--skip-rules-install",
];

function environment(options: { dir: string; apiUrl: string; accessToken: string }): NodeJS.ProcessEnv {
  const { dir, apiUrl, accessToken } = options;
  const { PATH, NODE_EXTRA_CA_CERTS } = process.env;
  return {
    NODE_ENV: "development",
    PATH,
    ...(NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS } : {}),
    HOME: dir,
    XDG_CONFIG_HOME: path.join(dir, ".config"),
    CI: "1",
    TRIGGER_API_URL: apiUrl,
    TRIGGER_ACCESS_TOKEN: accessToken,
    TRIGGER_PROJECT_REF: "proj_longrun",
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const killing = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(killing);
}
