import { Worker, type WorkerOptions } from "node:worker_threads";
import { z } from "zod";
import { runJavaScriptOutput } from "#app/shared/chat-tools.ts";

export type ScriptLimits = {
  /** How long the script may run, milliseconds. */
  runMs: number;
  /** How long its thread may live in all: more than `runMs`, for what no interpreter can interrupt. */
  lifeMs: number;
};

const LIMITS: ScriptLimits = { runMs: 3_000, lifeMs: 8_000 };
/** What a script may write in all, characters. */
const MAX_CONSOLE = 50_000;

/** What the thread around the interpreter is given: nothing of ours, and no more memory than this. */
export const BARE_THREAD = {
  env: {},
  argv: [],
  execArgv: [],
  stdout: true,
  stderr: true,
  // The script's own memory is limited inside.
  resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 8 },
} satisfies WorkerOptions;

type Outcome = z.infer<typeof runJavaScriptOutput>;

const messageShape = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("line"), text: z.string() }),
  z.object({ type: z.literal("done"), result: z.string().nullable(), error: z.string().nullable() }),
]);

/** What a script wrote, up to its limit. */
class Console {
  #lines: string[] = [];
  #size = 0;

  write(line: string): void {
    if (this.#size > MAX_CONSOLE) return;
    this.#size += line.length + 1;
    this.#lines.push(this.#size > MAX_CONSOLE ? "… the rest of the output was left out" : line);
  }

  toString(): string {
    return this.#lines.join("\n");
  }
}

/** The interpreter's own words, for people. */
function inWords(error: string | null, { runMs }: ScriptLimits): string | null {
  if (error === null) return null;
  if (error.startsWith("InternalError: interrupted")) return tooLong(runMs);
  if (/^InternalError: out of memory|^null$/.test(error))
    return "The script needs more memory than it may have (64 MB).";
  return error;
}

const tooLong = (ms: number): string => `The script took longer than ${ms / 1000} s and was ended.`;

/**
 * Runs a script in a thread of its own without environment, network or files. Never rejects for what the script
 * does; rejects when `signal` ends it or the thread cannot be started.
 */
export async function runScript(
  code: string,
  signal?: AbortSignal,
  limits: ScriptLimits = LIMITS,
): Promise<Outcome> {
  signal?.throwIfAborted();
  const { workerUrl } = await import("#trigger/tools/sandbox/worker.mjs");
  const worker = new Worker(new URL(workerUrl), {
    workerData: { sandbox: "javascript", code, limitMs: limits.runMs },
    ...BARE_THREAD,
  });
  try {
    return await outcomeOf(worker, limits, signal);
  } finally {
    await worker.terminate();
  }
}

function outcomeOf(worker: Worker, limits: ScriptLimits, signal?: AbortSignal): Promise<Outcome> {
  const written = new Console();
  return new Promise((resolve, reject) => {
    const fail = (error: string) => resolve({ console: String(written), result: null, error });
    const timer = setTimeout(() => fail(tooLong(limits.runMs)), limits.lifeMs);
    const stop = () =>
      reject(signal?.reason instanceof Error ? signal.reason : new Error("The script was stopped."));
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    worker.on("message", (raw: unknown) => {
      const message = messageShape.parse(raw);
      if (message.type === "line") written.write(message.text);
      if (message.type !== "done") return;
      const { result, error } = message;
      resolve({ console: String(written), result, error: inWords(error, limits) });
    });
    worker.once("error", (error) => fail(`The script broke its interpreter: ${error.message}`));
    worker.once("exit", () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      fail("The script ended its interpreter.");
    });
  });
}
