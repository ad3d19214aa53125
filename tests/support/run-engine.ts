import { Database, lockKey } from "#local-trigger/database.ts";
import { createLog } from "#local-trigger/log.ts";
import { RunEngine, type CreateRun, type EngineTiming, type Run } from "#local-trigger/runs/run-engine.ts";
import { PostgresStreamStore } from "#local-trigger/streams/postgres-stream-store.ts";
import { TokenCipher } from "#local-trigger/streams/token-cipher.ts";
import { emptyDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";

export const TASK = "tested";

/** A run engine on a database of its own, and the moves of a worker and of a session that tests need. */
export class EngineUnderTest {
  db!: Database;
  streams!: PostgresStreamStore;
  runs!: RunEngine;
  workerId = "";

  private constructor(
    private readonly database: { url: string; drop: () => Promise<void> },
    private readonly timing: Partial<EngineTiming>,
  ) {}

  static async open(timing: Partial<EngineTiming> = {}): Promise<EngineUnderTest> {
    const engine = new EngineUnderTest(await emptyDatabase(), { dequeueHoldMs: 300, ...timing });
    await engine.boot();
    engine.workerId = (await engine.registerWorker()).id;
    return engine;
  }

  async boot(): Promise<void> {
    this.db = await Database.open(this.database.url);
    this.streams = new PostgresStreamStore(this.db, {
      trimDelayMs: 0,
      tokens: new TokenCipher("a secret key of the tests"),
    });
    const log = createLog("error", () => undefined);
    this.runs = new RunEngine({ db: this.db, streams: this.streams, log, timing: this.timing });
    await this.runs.start();
  }

  /** What a restart of the server does to the engine. Nothing that is only in memory is kept. */
  async restart(): Promise<void> {
    await this.halt();
    await this.boot();
  }

  async halt(): Promise<void> {
    await this.runs.stop();
    await this.db.close();
  }

  async close(): Promise<void> {
    await this.halt();
    await this.database.drop();
  }

  registerWorker(maxAttempts = 1) {
    const tasks = [{ id: TASK, filePath: "trigger/tested.ts", retry: { maxAttempts } }];
    return this.runs.registerWorker({ contentHash: "hash", tasks });
  }

  create(input: Partial<CreateRun> = {}): Promise<Run> {
    return this.db.transaction(async (tx) => {
      if (input.sessionId) await lockKey(tx, `session:${input.sessionId}`);
      return this.runs.create(tx, { taskIdentifier: TASK, payload: "{}", ...input });
    });
  }

  dequeue(workerId = this.workerId) {
    return this.runs.queue.dequeue(workerId, new AbortController().signal);
  }

  /** A run with one attempt under way, and the snapshot that its worker knows. */
  async executing(input: Partial<CreateRun> = {}): Promise<{ id: string; snapshotId: string }> {
    const { id } = await this.create(input);
    return this.startDequeued(id);
  }

  async startDequeued(id: string): Promise<{ id: string; snapshotId: string }> {
    const handed = (await this.dequeue()).find(({ run }) => run.id === id);
    if (!handed) throw new Error(`${id} was not handed out.`);
    const started = await this.runs.attempts.start(id, handed.snapshot.id);
    if (started === null || started === "stale") throw new Error(`${id} could not be started.`);
    return { id, snapshotId: started.snapshot.id };
  }

  async find(id: string): Promise<Run> {
    const run = await this.runs.find(id);
    if (!run) throw new Error(`${id} is gone.`);
    return run;
  }

  reaches(id: string, status: Run["status"], ms = 30_000): Promise<Run> {
    return this.becomes(id, (run) => run.status === status, status, ms);
  }

  /** Waits until a run is in this state for its worker: `EXECUTING` once nothing holds it up any more. */
  reachesExecution(id: string, status: Run["executionStatus"]): Promise<Run> {
    return this.becomes(id, (run) => run.executionStatus === status, status, 30_000);
  }

  private async becomes(id: string, is: (run: Run) => boolean, what: string, ms: number): Promise<Run> {
    let last: Run | undefined;
    return eventually(
      async () => {
        last = await this.find(id);
        return is(last) && last;
      },
      { what: () => `${id} is not ${what} but ${last?.status}, ${last?.executionStatus}`, ms },
    );
  }

  /** What a session does with input: append and wake in one transaction, under its lock. */
  async appendInput(sessionId: string, stream: string, data: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await lockKey(tx, `session:${sessionId}`);
      await this.streams.append(stream, [{ body: JSON.stringify({ data }) }], { tx });
      await this.runs.wakeStream(tx, stream);
    });
  }
}
