import { fork, type ChildProcess } from "node:child_process";
import { pathToFileURL } from "node:url";
import { eventPacket, readPacket, readWorkerMessage, type WorkerMessage } from "./ipc.ts";
import type { TaskEnv } from "./config.ts";
import type { TaskBuild } from "./task-build.ts";

export type ProcessExit = { code: number | null; signal: NodeJS.Signals | null; outOfMemory: boolean };
/** `memoryMb`: what the whole process may take. */
export type RunProcessOptions = { build: TaskBuild; env: TaskEnv; memoryMb: number };

const KEPT_OUTPUT = 4_000;
/** A fifth of the memory is left to what is not on the heap. */
const HEAP_SHARE = 0.8;
// The channel may still hold a last message when the exit is seen.
const LAST_MESSAGES_MS = 20;

/** One process of the SDK's run worker. It serves one run and is then killed. */
export class RunProcess {
  readonly build: TaskBuild;
  /** Resolves with the ids of the tasks that are loaded; rejects when the process ends before. */
  readonly ready: Promise<string[]>;
  /** Resolves when the process is gone and its last messages were delivered. */
  readonly exited: Promise<ProcessExit>;
  /** The process is gone, and everything that it printed was read. */
  readonly closed: Promise<void>;
  #child: ChildProcess;
  #output = "";
  #onMessage: (message: WorkerMessage) => void = () => {};
  #onOutput: (chunk: string) => void = () => {};
  #acks = new Map<number, () => void>();
  #ackId = 0;
  #readyResolve: (tasks: string[]) => void = () => {};
  /** What the log says of the run that it was handed to. */
  runIds: { runId?: string; sessionId?: string; chatId?: string } = {};
  #tookTooMuch = false;

  constructor(options: RunProcessOptions) {
    this.build = options.build;
    this.#child = forkWorker(options);
    this.exited = this.#watchExit();
    this.closed = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      this.#readyResolve = resolve;
      void this.exited.then((exit) =>
        reject(new Error(`exited ${exit.code ?? exit.signal}: ${this.#output}`)),
      );
    });
    this.ready.catch(() => {});
    this.#child.on("message", (raw) => this.#receive(raw));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => this.#collect(chunk));
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether the process can still be talked to. */
  get alive(): boolean {
    return this.#child.connected && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Hands the process over to a run: from now on its messages and output go there. */
  attach(onMessage: (message: WorkerMessage) => void, onOutput: (chunk: string) => void): void {
    this.#onMessage = onMessage;
    this.#onOutput = onOutput;
  }

  send(type: string, payload: object): void {
    this.#post(eventPacket(type, payload));
  }

  /** Tells the preload that there is newer code. The SDK's worker passes over packets that it does not know. */
  supersede(): void {
    this.#post({ type: "LONGRUN_SUPERSEDED" });
  }

  /** Sends and waits until the worker is done with it, at most `timeoutMs`. Never rejects. */
  async sendAndWait(type: string, payload: object, timeoutMs: number): Promise<void> {
    const id = this.#ackId++;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#acks.set(id, () => (clearTimeout(timer), resolve()));
      this.#post(eventPacket(type, payload, id));
      void this.exited.then(() => resolve());
    });
    this.#acks.delete(id);
  }

  /** Ends it because it took more memory than it may. */
  killForMemory(): void {
    this.#tookTooMuch = true;
    this.kill();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Closes the channel, as the end of this process would. */
  disconnect(): void {
    this.#child.disconnect();
  }

  #post(packet: object): void {
    // A send to a process that has just died is told by its exit.
    if (this.#child.connected) this.#child.send(packet, () => {});
  }

  #receive(raw: unknown): void {
    const packet = readPacket(raw);
    if (packet?.type === "LONGRUN_READY") return this.#readyResolve(packet.tasks);
    if (packet?.type === "ACK") return this.#acks.get(packet.id)?.();
    if (packet?.type !== "EVENT") return;
    if (packet.id !== undefined) this.#post({ type: "ACK", id: packet.id, message: {} });
    const message = readWorkerMessage(packet.message);
    if (message) this.#onMessage(message);
  }

  #collect(chunk: string): void {
    this.#output = (this.#output + chunk).slice(-KEPT_OUTPUT);
    this.#onOutput(chunk);
  }

  #isOutOfMemory(): boolean {
    return this.#tookTooMuch || this.#output.includes("JavaScript heap out of memory");
  }

  #watchExit(): Promise<ProcessExit> {
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) =>
        setTimeout(() => resolve({ code, signal, outOfMemory: this.#isOutOfMemory() }), LAST_MESSAGES_MS);
      this.#child.once("exit", end);
      this.#child.once("error", (error) => {
        this.#output += error.message;
        if (this.#child.pid === undefined) end(null, null);
      });
    });
  }
}

function forkWorker({ build, env, memoryMb }: RunProcessOptions): ChildProcess {
  return fork(build.workerEntry, [], {
    cwd: build.dir,
    env,
    // Of its own group: Ctrl-C in the terminal is the host's to handle. It ends with its host all the same, by the
    // closed channel (run-preload.mjs).
    detached: true,
    execArgv: [
      `--max-old-space-size=${Math.round(memoryMb * HEAP_SHARE)}`,
      // Prisma's query compiler is WebAssembly. Optimizing it costs half a second of processor time and 50 MB in
      // every process, and makes no turn faster.
      "--no-wasm-tier-up",
      "--no-wasm-dynamic-tiering",
      "--no-warnings=ExperimentalWarning",
      "--import",
      pathToFileURL(build.preload).href,
    ],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "json",
  });
}
