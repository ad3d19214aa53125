import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { postgresProcesses, type BenchPostgres } from "./postgres.ts";
import { ProcessorWatch } from "../processor.ts";

const folder = path.dirname(fileURLToPath(import.meta.url));

/** A server process of the benchmarks, on a port of its own. */
export class BenchServer {
  readonly port: number;
  readonly key: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number, key: string) {
    this.child = child;
    this.port = port;
    this.key = key;
  }

  static async start(
    script: "server" | "raw-sse",
    args: string[] = [],
    env: Record<string, string> = {},
  ): Promise<BenchServer> {
    const key = `tr_dev_${randomUUID()}`;
    const child = fork(path.join(folder, "relay", `${script}-process.mjs`), args, {
      env: { PATH: process.env["PATH"], NODE_ENV: "production", BENCH_KEY: key, ...env } as NodeJS.ProcessEnv,
      execArgv: ["--expose-gc"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const { port } = await answer<{ port: number }>(child);
    return new BenchServer(child, port, key);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Bytes in use inside the process after a garbage collection: heap and buffers. */
  async memory(): Promise<number> {
    this.child.send("memory");
    return (await answer<{ bytes: number }>(this.child)).bytes;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.disconnect();
    await ended;
  }
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void => reject(new Error(`a server of the bench ended: ${code}`));
    child.once("exit", failed);
    child.once("message", (message) => {
      child.off("exit", failed);
      resolve(message as T);
    });
  });
}

/** The real local-trigger on a fresh database. */
export async function startRelay(postgres: BenchPostgres): Promise<BenchServer> {
  return BenchServer.start("server", ["postgres"], { DATABASE_URL: await postgres.freshDatabase() });
}

/** Watches the server, the database and this process, which makes the load. */
export function watchProcessor(server: BenchServer, postgres: BenchPostgres): ProcessorWatch {
  return new ProcessorWatch({
    server: () => [server.pid],
    Postgres: () => postgresProcesses(postgres),
    "this load": () => [process.pid],
  });
}
