import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import pg from "pg";
import { createChat } from "#app/models/chat.server.ts";
import { db, disconnect } from "#app/models/db.server.ts";
import { readTranscript } from "#app/models/transcript.server.ts";
import { messageText } from "#app/shared/chat-message.ts";
import { createLog } from "#local-trigger/log.ts";
import { startLocalTrigger, type LocalTrigger } from "#local-trigger/start.ts";
import { buildTasks } from "../../scripts/build-tasks.mjs";
import { testDatabase, type TestDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";
import { startScriptedModel, type ScriptedModel } from "./scripted-model.ts";
import { triggerClient, type WireRecord } from "./trigger-client.ts";

const root = path.resolve(import.meta.dirname, "../..");
const SECRET_KEY = "tr_dev_durable_run_tests";
const SESSION_SECRET = "a secret of the tests, long enough";

/** The real run of `trigger/chat.ts`: local-trigger, the worker host and run processes, Postgres, a scripted model. */
export class DurableRunBench {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), "longrun-runs-"));
  readonly buildDir = path.join(root, "build", `durable-run-${process.pid}`);
  private host: ChildProcess | undefined;

  private constructor(
    readonly database: TestDatabase,
    readonly model: ScriptedModel,
    readonly engine: LocalTrigger,
  ) {}

  static async start(): Promise<DurableRunBench> {
    const database = await testDatabase();
    Object.assign(process.env, { DATABASE_URL: database.url, SESSION_SECRET });
    const model = await startScriptedModel();
    const engine = await startLocalTrigger({
      host: "127.0.0.1",
      port: 0,
      databaseUrl: database.url,
      secretKey: SECRET_KEY,
      accessToken: "tr_pat_durable_run_tests",
      projectRef: "proj_longrun",
      log: createLog("error"),
    });
    const bench = new DurableRunBench(database, model, engine);
    await bench.startHost();
    return bench;
  }

  get api() {
    return triggerClient({ url: this.engine.url, key: SECRET_KEY } as Parameters<typeof triggerClient>[0]);
  }

  private async startHost(): Promise<void> {
    await buildTasks({ projectDir: root, outDir: this.buildDir });
    const entry = path.join(this.buildDir, "worker-host.mjs");
    await build({
      entryPoints: [path.join(root, "local-trigger/worker/main.ts")],
      outfile: entry,
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      logLevel: "silent",
    });
    const host = spawn(process.execPath, [entry], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        PATH: process.env.PATH ?? "",
        TRIGGER_API_URL: this.engine.url,
        TRIGGER_SECRET_KEY: SECRET_KEY,
        TASKS_BUILD_DIR: this.buildDir,
        DATA_DIR: this.dataDir,
        DATABASE_URL: this.database.url,
        SESSION_SECRET,
        OPENAI_COMPATIBLE_BASE_URL: this.model.baseUrl,
        OLLAMA_BASE_URL: "off",
      } as Record<string, string> as NodeJS.ProcessEnv,
    });
    this.host = host;
    if (!host.stdout) throw new Error("the worker host has no output");
    const lines = createInterface({ input: host.stdout });
    await new Promise<void>((resolve) =>
      lines.on("line", (line) => line.includes("worker-ready") && resolve()),
    );
  }

  /** A fresh user with a chat, its session and its first run. */
  async newChat(): Promise<TestChat> {
    const userId = randomUUID();
    const chatId = randomUUID();
    await db().user.create({ data: { id: userId, email: `${userId}@example.test`, name: "Test" } });
    await createChat({ id: chatId, userId });
    const { status } = await this.api.call("POST", "/api/v1/sessions", {
      body: {
        type: "chat.agent",
        externalId: chatId,
        taskIdentifier: "longrun-chat",
        triggerConfig: { basePayload: { chatId, trigger: "preload", messages: [] } },
      },
    });
    if (status >= 300) throw new Error(`the session was not made: ${status}`);
    return new TestChat(this, userId, chatId);
  }

  async stop(): Promise<void> {
    const { host } = this;
    if (host) {
      const exited = new Promise((resolve) => host.once("exit", resolve));
      host.kill("SIGTERM");
      await exited;
    }
    await this.engine.stop();
    await this.model.stop();
    await disconnect();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
    rmSync(this.buildDir, { recursive: true, force: true });
  }
}

export class TestChat {
  constructor(
    private readonly bench: DurableRunBench,
    readonly userId: string,
    readonly chatId: string,
  ) {}

  /** Appends a message to `.in`; `envelope` replaces fields around it, as a hostile browser could. */
  async send(text: string, envelope: object = {}): Promise<void> {
    const message = { id: randomUUID(), role: "user", parts: [{ type: "text", text }] };
    const payload = { chatId: this.chatId, trigger: "submit-message", message, ...envelope };
    const { status } = await this.bench.api.append(this.chatId, { kind: "message", payload });
    if (status !== 200) throw new Error(`the message was not taken: ${status}`);
  }

  async out(): Promise<WireRecord[]> {
    return (await this.bench.api.records(this.chatId, "out")).body.records;
  }

  async turnEnds(): Promise<WireRecord[]> {
    const isEnd = ([name, value]: [string, string]) =>
      name === "trigger-control" && value === "turn-complete";
    return (await this.out()).filter((record) => record.headers?.some(isEnd));
  }

  /** Sequence number of the newest turn's end; -1 before the first. */
  async lastEnd(): Promise<number> {
    return (await this.turnEnds()).at(-1)?.seqNum ?? -1;
  }

  /** Waits for the end of a turn after `since`, on the stream. */
  async ended(since: number): Promise<number> {
    await eventually(async () => (await this.lastEnd()) > since, {
      what: () => "the turn did not end",
      ms: 30_000,
    });
    return this.lastEnd();
  }

  /** The stored history as `[role, text, final]`, once it has so many messages. */
  async history(length: number): Promise<[string, string, boolean][]> {
    const read = async () => (await readTranscript({ chatId: this.chatId })).messages;
    let seen = "";
    await eventually(
      async () => {
        const rows = await read();
        seen = JSON.stringify(rows.map((row) => [row.message.role, messageText(row.message).slice(0, 40)]));
        return rows.length === length;
      },
      { what: () => `the history has other messages: ${seen}`, ms: 30_000 },
    );
    return (await read()).map((row) => [row.message.role, messageText(row.message), row.final]);
  }

  cursors() {
    return db().chatSession.findUniqueOrThrow({ where: { id: this.chatId } });
  }

  /** kill -9 of the chat's run process; answers its run's id. */
  async killRun(): Promise<string> {
    const { runId } = await this.cursors();
    const dir = path.join(this.bench.dataDir, "run/runs");
    const file = readdirSync(dir).find((name) => name === `${runId}.pid`);
    if (!runId || !file) throw new Error(`no process runs ${runId}`);
    process.kill(Number(readFileSync(path.join(dir, file), "utf8")), "SIGKILL");
    return runId;
  }

  /** Holds the chat's row, so that whoever wants to write the chat waits, until `release` is called. */
  async holdRow(): Promise<{ release: () => Promise<void> }> {
    const client = new pg.Client({ connectionString: this.bench.database.url });
    await client.connect();
    await client.query("BEGIN");
    await client.query('SELECT 1 FROM "Chat" WHERE "id" = $1 FOR UPDATE', [this.chatId]);
    return {
      release: async () => {
        await client.query("ROLLBACK");
        await client.end();
      },
    };
  }
}
