import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { emptyDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";

type Environment = Record<string, string | undefined>;

export type TriggerProcess = {
  url: string;
  key: string;
  /** Ends the process as a power cut would, and starts the next one on the same port and database. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
};

/** local-trigger as a process of its own, which can be killed. */
export async function startTriggerProcess(): Promise<TriggerProcess> {
  const [bundle, database, port] = await Promise.all([bundleServer(), emptyDatabase(), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  const key = `tr_dev_${randomUUID()}`;
  const env: Environment = {
    PATH: process.env.PATH,
    TRIGGER_HOST: "127.0.0.1",
    TRIGGER_PORT: String(port),
    DATABASE_URL: database.url,
    TRIGGER_SECRET_KEY: key,
    TRIGGER_ACCESS_TOKEN: `tr_pat_${randomUUID()}`,
    TRIGGER_PROJECT_REF: "proj_longrun",
  };
  let child = await boot(bundle.file, env, url);
  return {
    url,
    key,
    killAndRestart: async () => {
      await end(child, "SIGKILL");
      child = await boot(bundle.file, env, url);
    },
    stop: async () => {
      await end(child, "SIGTERM");
      await database.drop();
      await rm(bundle.dir, { recursive: true, force: true });
    },
  };
}

async function boot(file: string, env: Environment, url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [file], {
    env: env as NodeJS.ProcessEnv,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let problem = "";
  child.stderr.on("data", (chunk: Buffer) => void (problem += chunk.toString()));
  await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`local-trigger ended with ${child.exitCode}: ${problem}`);
      return fetch(`${url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    { what: () => `local-trigger does not answer: ${problem}`, ms: 20_000 },
  );
  return child;
}

async function end(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

async function bundleServer(): Promise<{ dir: string; file: string }> {
  const dir = await mkdtemp(path.join(tmpdir(), "longrun-server-"));
  const file = path.join(dir, "local-trigger.mjs");
  await Promise.all([
    build({
      entryPoints: ["local-trigger/main.ts"],
      outfile: file,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "silent",
    }),
    cp("local-trigger/migrations", path.join(dir, "migrations"), { recursive: true }),
    symlink(path.resolve("node_modules"), path.join(dir, "node_modules")),
  ]);
  return { dir, file };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
