import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TaskEnv } from "./config.ts";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import type { WorkerMessage } from "./ipc.ts";
import { RunProcess } from "./run-process.ts";
import type { TaskBuild } from "./task-build.ts";

type End = "return" | "throw-later" | "exit" | "wait-for-cancel" | "wait" | "upgrade" | "superseded";

let build: TaskBuild;
let api: Server;
let env: TaskEnv;
let waited = (): void => undefined;

beforeAll(async () => {
  build = await fixtureBuild();
  // A plain task asks nothing of the API that it could not do without, except for what it is to wait for.
  api = createServer((request, response) => {
    const isWait = request.url?.endsWith("/wait/duration");
    if (isWait) waited();
    const waitUntil = new Date(Date.now() + 60_000).toISOString();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(isWait ? { waitUntil, waitpoint: { id: "waitpoint_contract" } } : {}));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => api.once("listening", resolve));
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  env = {
    PATH: process.env.PATH ?? "",
    NODE_ENV: "production",
    TRIGGER_API_URL: url,
    TRIGGER_SECRET_KEY: "tr_dev_contract",
    TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/otel`,
    HEARTBEAT_INTERVAL_MS: "50",
  };
}, 120_000);

afterAll(() => api.close());

describe("the run worker of SDK 4.8.3 still speaks the IPC that the worker host knows", () => {
  test("it gets ready with all tasks loaded, before any run", async () => {
    const process = fork();
    const loaded = await process.ready;
    expect(loaded.sort()).toEqual([
      "echo-chat",
      "halve",
      "long-task",
      "plain-task",
      "retried-task",
      "rotating-chat",
      "upgrading-chat",
      "waiting-task",
    ]);
    process.kill();
    expect((await process.exited).signal).toBe("SIGKILL");
  });

  test("EXECUTE_TASK_RUN is answered by TASK_RUN_COMPLETED with the task's output", async () => {
    const { messages, process } = await execute("return");
    const completed = await messages.next("TASK_RUN_COMPLETED");
    expect(completed.payload.result).toMatchObject({
      ok: true,
      id: "run_contract",
      output: "done",
    });
    process.kill();
  });

  test("it sends TASK_HEARTBEAT while a run executes, and acknowledges CANCEL after the task was told", async () => {
    const { messages, process } = await execute("wait-for-cancel");
    await messages.next("TASK_HEARTBEAT");
    const startedAt = performance.now();
    await process.sendAndWait("CANCEL", { timeoutInMs: 5_000 }, 10_000);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    expect(messages.seen).not.toContain("TASK_RUN_COMPLETED");
    process.kill();
  });

  test("a run that waits goes on at RESOLVE_WAITPOINT, by the name of its waitpoint", async () => {
    const asked = new Promise<void>((resolve) => (waited = resolve));
    const { messages, process } = await execute("wait");
    await asked;
    const resolved = {
      id: "waitpoint_contract",
      friendlyId: "waitpoint_contract",
      type: "DATETIME",
      completedAt: new Date().toISOString(),
      outputIsError: false,
    };
    expect(messages.seen).not.toContain("TASK_RUN_COMPLETED");
    process.send("RESOLVE_WAITPOINT", { waitpoint: resolved });
    expect((await messages.next("TASK_RUN_COMPLETED")).payload.result).toMatchObject({ ok: true });
    process.kill();
  });

  test("a run that works for longer than its maxDuration says MAX_DURATION_EXCEEDED", async () => {
    const { messages, process } = await execute("return", { task: "long-task", maxDuration: 1 });
    const { payload } = await messages.next("MAX_DURATION_EXCEEDED");
    expect(payload.maxDurationInSeconds).toBe(1);
    expect(payload.elapsedTimeInSeconds).toBeGreaterThanOrEqual(1);
    process.kill();
  });

  test("chat.requestUpgrade() wishes under `chat.upgradeRequested`, and so does what the host sends to older code", async () => {
    const wish = await execute("upgrade");
    expect((await wish.messages.next("TASK_RUN_COMPLETED")).payload.result).toMatchObject({
      output: "wished",
    });
    const older = await execute("superseded");
    older.process.supersede();
    expect((await older.messages.next("TASK_RUN_COMPLETED")).payload.result).toMatchObject({
      output: "superseded",
    });
    for (const { process } of [wish, older]) process.kill();
  });

  test("an exception outside of the run is told as UNCAUGHT_EXCEPTION", async () => {
    const { messages, process } = await execute("throw-later");
    const uncaught = await messages.next("UNCAUGHT_EXCEPTION");
    expect(uncaught.payload.error).toMatchObject({ name: "Error", message: "thrown outside of the run" });
    process.kill();
  });

  test("the end of the process is seen with its code", async () => {
    const { process } = await execute("exit");
    expect(await process.exited).toMatchObject({ code: 3, signal: null });
  });

  test("it prints no payload into its log", async () => {
    const { messages, process, output } = await execute("return");
    await messages.next("TASK_RUN_COMPLETED");
    expect(output()).toContain("Received EXECUTE_TASK_RUN");
    expect(output()).not.toContain("payload");
    process.kill();
  });

  test("it ends when its host goes away", async () => {
    const process = fork();
    await process.ready;
    process.disconnect();
    expect(await process.exited).toMatchObject({ signal: "SIGKILL" });
  });
});

function fork(): RunProcess {
  return new RunProcess({ build, env, memoryMb: 410 });
}

type Options = { task?: string; maxDuration?: number };

async function execute(
  end: End,
  options: Options = {},
): Promise<{ process: RunProcess; messages: Inbox; output: () => string }> {
  const process = fork();
  const messages = new Inbox();
  let printed = "";
  await process.ready;
  process.attach(
    (message) => messages.add(message),
    (chunk) => (printed += chunk),
  );
  process.send("EXECUTE_TASK_RUN", {
    execution: execution(end, options),
    traceContext: {},
    metadata: { id: "worker_contract", contentHash: "x", version: "20260101.1", engine: "V2" },
    env,
    isWarmStart: false,
  });
  return { process, messages, output: () => printed };
}

type Typed<T extends WorkerMessage["type"]> = Extract<WorkerMessage, { type: T }>;

/** What a process has said; `next` waits for the first message of a type. */
class Inbox {
  readonly seen: string[] = [];
  #messages: WorkerMessage[] = [];
  #wake: () => void = () => {};

  add(message: WorkerMessage): void {
    this.seen.push(message.type);
    this.#messages.push(message);
    this.#wake();
  }

  async next<T extends WorkerMessage["type"]>(type: T): Promise<Typed<T>> {
    for (;;) {
      const found = this.#messages.find((message): message is Typed<T> => message.type === type);
      if (found) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function execution(end: End, { task = "plain-task", maxDuration }: Options): object {
  const now = new Date().toISOString();
  return {
    task: { id: task, filePath: "trigger/plain-task.ts" },
    attempt: { number: 1, startedAt: now },
    run: {
      id: "run_contract",
      payload: JSON.stringify({ end }),
      payloadType: "application/json",
      tags: [],
      isTest: false,
      isReplay: false,
      createdAt: now,
      startedAt: now,
      metadata: {},
      durationMs: 0,
      ...(maxDuration === undefined ? {} : { maxDuration }),
      costInCents: 0,
      baseCostInCents: 0,
      traceContext: {},
      realtimeStreamsVersion: "v2",
    },
    queue: { id: "queue_1", name: "task/plain-task" },
    environment: { id: "env_1", slug: "dev", type: "DEVELOPMENT" },
    organization: { id: "org_1", slug: "local", name: "Local" },
    project: { id: "project_1", ref: "proj_longrun", slug: "longrun", name: "Longrun" },
    machine: { name: "small-1x", cpu: 0.5, memory: 0.5, centsPerMs: 0 },
  };
}
