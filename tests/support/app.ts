import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { freePort } from "../../scripts/lib/ports.mjs";
import { eventually } from "./eventually.ts";
import { isAlive, processesOf } from "./process-list.ts";

/** A part of the application that has a pid file of its own. */
export type Part = "supervisor" | "postgres" | "local-trigger" | "worker" | "web";

export interface AppOptions {
  /** Added to the environment; a value of `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  /** An earlier instance's folder, to start on it again. */
  dataDir?: string;
  /** The ports of the web and of local-trigger, default free ones. */
  ports?: { port: number; triggerPort: number };
  /** What to run, default `node scripts/start.mjs`. */
  command?: readonly [string, ...string[]];
}

/** How `npm start` ended before it was ready. */
export class StartFailed extends Error {
  readonly code: number | null;
  readonly output: string;

  constructor(code: number | null, output: string) {
    super(`npm start ended with exit code ${code} before it was ready:\n${output}`);
    this.code = code;
    this.output = output;
  }
}

const READY = /^ready (https?:\/\/\S+)$/m;
/** Long enough for a first build on a slow machine. */
const READY_MS = 240_000;
const STOP_MS = 60_000;
const OWN_VARIABLE = new RegExp(
  [
    "PORT|HOST|DATA_DIR|DATABASE_URL|SESSION_SECRET|SIGNUP|PUBLIC_URL|TRUSTED_PROXIES|SMTP_URL|MAIL_FROM",
    "HEAD_START|DEFAULT_MODEL|SIDE_MODEL|CONTEXT_TOKENS|LOG_LEVEL|NODE_ENV|NODE_OPTIONS|VITEST|INSPECTOR_HOSTS",
    "WEB_BUILD_DIR|TASKS_BUILD_DIR|ATTACHMENTS_DIR",
    "(LOCAL_TRIGGER|TRIGGER|OPENAI|ANTHROPIC|GOOGLE|GITHUB|OIDC|OLLAMA|VITEST|LONGRUN|LIMIT|MODEL|DEMO|S3)_.*",
    "(ATTACHMENT|RUN|WORKER|RESEARCH|SEARCH|FETCH)_.*",
  ]
    .map((names) => `^(${names})$`)
    .join("|"),
);

/** One instance of the whole application, with its own ports and data folder. */
export class App {
  readonly dataDir: string;
  readonly port: number;
  readonly triggerPort: number;
  readonly process: ChildProcess;
  url = "";
  output = "";

  constructor(dataDir: string, ports: { port: number; triggerPort: number }, options: AppOptions) {
    this.dataDir = dataDir;
    this.port = ports.port;
    this.triggerPort = ports.triggerPort;
    const [command, ...args] = options.command ?? [process.execPath, "scripts/start.mjs"];
    this.process = spawn(command, args, {
      // A group of its own, so that a test can send what a terminal sends on Ctrl-C.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: cleanEnv({
        PORT: String(ports.port),
        TRIGGER_PORT: String(ports.triggerPort),
        DATA_DIR: dataDir,
        OLLAMA_BASE_URL: "off",
        // A test asks for more than a person does.
        LIMIT_ANSWERS_PER_MINUTE: "0",
        LIMIT_ANSWERS_AT_ONCE: "0",
        ...options.env,
      }),
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
  }

  get triggerUrl(): string {
    return `http://127.0.0.1:${this.triggerPort}`;
  }

  /** Resolves at the `ready` line; throws StartFailed when the process ends before it. */
  async ready(): Promise<this> {
    const url = await eventually(
      () => {
        if (this.process.exitCode !== null) throw new StartFailed(this.process.exitCode, this.output);
        return READY.exec(this.output)?.[1];
      },
      { what: () => `no ready line:\n${this.output}`, ms: READY_MS, everyMs: 50 },
    );
    this.url = url;
    return this;
  }

  /** What nobody but the application may ever see. */
  secrets(): string[] {
    const read = (name: string): string => readFileSync(path.join(this.dataDir, name), "utf8").trim();
    const password = new URL(read("database-url")).password;
    return [read("trigger-secret-key"), read("session-secret"), password].filter((secret) => secret !== "");
  }

  /** The pid in a part's pid file, or null when there is none. */
  pid(part: Part): number | null {
    return this.pidIn(`${part}.pid`);
  }

  /** The pids of the run processes, by run id. */
  runPids(): Map<string, number> {
    const folder = path.join(this.dataDir, "run", "runs");
    const pids = new Map<string, number>();
    for (const file of listed(folder)) {
      const pid = this.pidIn(path.join("runs", file));
      if (file.endsWith(".pid") && pid !== null && isAlive(pid)) pids.set(file.slice(0, -4), pid);
    }
    return pids;
  }

  /** Kills a part with SIGKILL and returns the pid that it had. Throws when it was not running. */
  kill9(part: Part): number {
    const pid = this.pid(part);
    if (pid === null || !isAlive(pid)) throw new Error(`${part} is not running, so there is nothing to kill`);
    process.kill(pid, "SIGKILL");
    return pid;
  }

  /** Resolves with the pid of the process that took the place of `old`. */
  waitForNewPid(part: Part, old: number): Promise<number> {
    const fresh = (): number | null => {
      const pid = this.pid(part);
      return pid !== null && pid !== old && isAlive(pid) ? pid : null;
    };
    return eventually(fresh, { what: () => `${part} was not started again\n${this.logs()}`, ms: 30_000 });
  }

  /** Resolves once /healthz says that a message can be sent and answered. */
  async healthy(): Promise<void> {
    const healthy = async (): Promise<boolean> => {
      const response = await fetch(`${this.url}/healthz`).catch(() => null);
      return response?.status === 200;
    };
    await eventually(healthy, { what: () => `not healthy again\n${this.logs()}`, ms: 60_000 });
  }

  /** Kills a part and keeps it from being started again until the returned function is called. */
  keepDown(part: Part): () => void {
    writeFileSync(path.join(this.dataDir, "run", `${part}.hold`), "");
    this.kill9(part);
    return () => this.letStart(part);
  }

  /** Ends what `keepDown` began; without a part, for all of them. */
  letStart(part?: Part): void {
    const folder = path.join(this.dataDir, "run");
    const holds = listed(folder).filter((file) => file.endsWith(".hold"));
    for (const file of holds) if (!part || file === `${part}.hold`) rmSync(path.join(folder, file));
  }

  /** Rows of a query against the application's own database. */
  async query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const connectionString = readFileSync(path.join(this.dataDir, "database-url"), "utf8").trim();
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      return (await client.query(sql, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** A request to local-trigger with the secret key. */
  trigger(pathname: string, init: RequestInit = {}): Promise<Response> {
    const key = readFileSync(path.join(this.dataDir, "trigger-secret-key"), "utf8").trim();
    return fetch(`${this.triggerUrl}${pathname}`, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${key}` },
    });
  }

  /** The end of every part's log, for a failure's message. */
  logs(lines = 40): string {
    const folder = path.join(this.dataDir, "logs");
    const tail = (file: string): string =>
      readFileSync(path.join(folder, file), "utf8").split("\n").slice(-lines).join("\n");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const parts = files.filter((file) => file.endsWith(".log")).map((file) => `--- ${file}\n${tail(file)}`);
    return [`--- npm start\n${this.output.slice(-4000)}`, ...parts].join("\n");
  }

  /** What a run has printed so far. */
  runLog(runId: string): string {
    const file = path.join(this.dataDir, "logs", "runs", `${runId}.log`);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Every process that belongs to this instance. */
  processes(): { pid: number; command: string }[] {
    return processesOf(this.dataDir).filter(({ pid }) => pid !== process.pid);
  }

  /** Resolves with the exit code of `npm start`. */
  async ended(ms = STOP_MS): Promise<number | null> {
    await eventually(() => this.process.exitCode !== null || this.process.signalCode !== null, {
      what: () => `npm start did not end\n${this.logs()}`,
      ms,
    });
    return this.process.exitCode;
  }

  /** Stops with SIGTERM; throws when it takes too long or a process is left over. Removes the data folder. */
  async stop(): Promise<void> {
    try {
      if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill("SIGTERM");
      await this.ended();
      await this.noneLeft();
    } finally {
      for (const { pid } of this.processes()) process.kill(pid, "SIGKILL");
      rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Throws, and names them, when processes of this instance are still there after ten seconds. */
  async noneLeft(): Promise<void> {
    const left = (): string =>
      this.processes()
        .map(({ pid, command }) => `${pid} ${command}`)
        .join("\n");
    await eventually(() => left() === "", { what: () => `processes were left over:\n${left()}`, ms: 10_000 });
  }

  private pidIn(file: string): number | null {
    try {
      return Number(readFileSync(path.join(this.dataDir, "run", file), "utf8")) || null;
    } catch {
      return null;
    }
  }
}

/** Starts an instance without waiting for it. */
export async function launchApp(options: AppOptions = {}): Promise<App> {
  const dataDir = options.dataDir ?? mkdtempSync(path.join(tmpdir(), "longrun-app-"));
  const ports = options.ports ?? { port: await freePort(), triggerPort: await freePort() };
  return new App(dataDir, ports, options);
}

/** Starts an instance and resolves when it is ready. */
export async function startApp(options: AppOptions = {}): Promise<App> {
  const app = await launchApp(options);
  try {
    return await app.ready();
  } catch (error) {
    await app.stop().catch(() => undefined);
    throw error;
  }
}

/** The environment without what would change the application: a developer's keys, the test runner's marks. */
export function cleanEnv(extra: Record<string, string | undefined>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !OWN_VARIABLE.test(name));
  return { ...Object.fromEntries(kept), ...extra } as NodeJS.ProcessEnv;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
