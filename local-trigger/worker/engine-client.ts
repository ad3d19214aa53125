import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import * as messages from "./engine-messages.ts";
import type {
  Completion,
  CompleteResult,
  DequeuedRun,
  LatestSnapshot,
  StartedAttempt,
} from "./engine-messages.ts";
import type { TaskBuild } from "./task-build.ts";

/** The engine answered, and said no. `status` is the HTTP status. */
export class EngineRefused extends Error {
  status: number;

  constructor(status: number, call: string) {
    super(`${call} was answered ${status}`);
    this.name = "EngineRefused";
    this.status = status;
  }
}

export type EngineClientOptions = {
  apiUrl: string;
  secretKey: string;
  projectRef: string;
  /** Ends every call and every retry. */
  signal: AbortSignal;
  /** Told when a call fails and is tried again. */
  onRetry?: (call: string, why: string) => void;
};

const CALL_TIMEOUT_MS = 15_000;
// The engine holds a dequeue for about 20 s.
const DEQUEUE_TIMEOUT_MS = 60_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

/**
 * The calls of a worker to the engine. While the engine is away or fails (5xx, 429) they are repeated until it is
 * back; a refusal (other 4xx) is thrown as EngineRefused.
 */
export class EngineClient {
  #options: EngineClientOptions;

  constructor(options: EngineClientOptions) {
    this.#options = options;
  }

  register(build: TaskBuild): Promise<messages.RegisteredWorker> {
    const { tasks, queues, concurrencyLimits, prompts, contentHash, runtime } = build;
    const { packageVersion, cliPackageVersion } = build;
    const metadata = {
      packageVersion,
      cliPackageVersion,
      contentHash,
      runtime,
      tasks,
      queues,
      concurrencyLimits,
      prompts,
      sourceFiles: [],
    };
    const body = { localOnly: true, engine: "V2", supportsLazyAttempts: true, metadata };
    const path = `/api/v1/projects/${this.#options.projectRef}/background-workers`;
    return this.#persist("POST", path, body, messages.registeredWorker);
  }

  /** Waits at the engine until there is work, for about 20 s. */
  async dequeue(
    workerId: string,
    signal: AbortSignal,
    options: { childrenOnly: boolean; maxRunCount: number; isFirst: boolean },
  ): Promise<DequeuedRun[]> {
    const body = { currentWorker: workerId, oldWorkers: [], ...options };
    const call = { timeoutMs: DEQUEUE_TIMEOUT_MS, signal };
    const answer = await this.#persist("POST", "/engine/v1/dev/dequeue", body, messages.dequeueAnswer, call);
    return answer.dequeuedMessages;
  }

  start(runId: string, snapshotId: string): Promise<StartedAttempt> {
    const path = `${this.#snapshot(runId, snapshotId)}/attempts/start`;
    return this.#persist("POST", path, { isWarmStart: false }, messages.startAnswer);
  }

  async latest(runId: string): Promise<LatestSnapshot> {
    const path = `/engine/v1/dev/runs/${runId}/snapshots/latest`;
    return (await this.#persist("GET", path, undefined, messages.latestAnswer)).execution;
  }

  /** One try: the next beat follows anyway. */
  async heartbeat(runId: string, snapshotId: string): Promise<void> {
    await this.#call("POST", `${this.#snapshot(runId, snapshotId)}/heartbeat`, { cpu: 0, memory: 0 });
  }

  async complete(runId: string, snapshotId: string, completion: Completion): Promise<CompleteResult> {
    const path = `${this.#snapshot(runId, snapshotId)}/attempts/complete`;
    return (await this.#persist("POST", path, { completion }, messages.completeAnswer)).result;
  }

  /** Says that these runs have no process any more. */
  async disconnect(runIds: string[]): Promise<void> {
    await this.#retrying("POST", "/engine/v1/dev/disconnect", { runFriendlyIds: runIds });
  }

  /** Whether the last turn of a chat is answered and nothing is open on its stream. One try. */
  async isSettled(sessionId: string): Promise<boolean> {
    const url = `${this.#options.apiUrl}/realtime/v1/sessions/${encodeURIComponent(sessionId)}/out`;
    const response = await fetch(url, {
      headers: {
        ...this.#auth(),
        accept: "text/event-stream",
        "x-peek-settled": "1",
        "timeout-seconds": "1",
      },
      signal: AbortSignal.any([AbortSignal.timeout(1_000), this.#options.signal]),
    });
    await response.body?.cancel();
    return response.headers.get("x-session-settled") === "true";
  }

  async #persist<T>(
    method: string,
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    return schema.parse(await this.#retrying(method, path, body, options));
  }

  async #retrying(
    method: string,
    path: string,
    body: unknown,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const signal = options.signal ?? this.#options.signal;
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(LAST_RETRY_MS, wait * 2)) {
      try {
        return await this.#call(method, path, body, options);
      } catch (error) {
        signal.throwIfAborted();
        if (isFinalRefusal(error)) throw error;
        this.#options.onRetry?.(`${method} ${path}`, error instanceof Error ? error.message : String(error));
        await sleep(wait, undefined, { signal });
      }
    }
  }

  async #call(
    method: string,
    path: string,
    body: unknown,
    { timeoutMs = CALL_TIMEOUT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const signals = [this.#options.signal, AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])];
    const response = await fetch(this.#options.apiUrl + path, {
      method,
      headers: { ...this.#auth(), "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any(signals),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new EngineRefused(response.status, `${method} ${path}`);
    }
    return response.json();
  }

  #auth(): { authorization: string } {
    return { authorization: `Bearer ${this.#options.secretKey}` };
  }

  #snapshot(runId: string, snapshotId: string): string {
    return `/engine/v1/dev/runs/${runId}/snapshots/${snapshotId}`;
  }
}

function isFinalRefusal(error: unknown): boolean {
  return error instanceof EngineRefused && error.status < 500 && error.status !== 429;
}
