import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

const lockName = "local-trigger:owner";
const retryMs = 200;

export class DatabaseInUse extends Error {
  constructor() {
    super(
      "Another local-trigger already uses this database. Stop it, or give this one a DATABASE_URL of its own.",
    );
    this.name = "DatabaseInUse";
  }
}

/**
 * The right to be the only server on a database: a session-level advisory lock on a connection of its own.
 * When Postgres restarts, the lock is taken anew; when another server was faster, `onLockLost` is called.
 */
export class OwnerLock {
  private released = false;

  private constructor(
    private readonly url: string,
    private client: pg.Client,
    private readonly onLockLost: () => void,
  ) {
    this.follow(client);
  }

  /** Waits up to `lockWaitMs` (a killed server's connection may linger a moment), then throws DatabaseInUse. */
  static async take(
    url: string,
    options: { lockWaitMs?: number; onLockLost?: () => void },
  ): Promise<OwnerLock> {
    const client = await lockedClient(url, Date.now() + (options.lockWaitMs ?? 3000));
    return new OwnerLock(url, client, options.onLockLost ?? (() => {}));
  }

  async release(): Promise<void> {
    this.released = true;
    await this.client.end().catch(() => {});
  }

  private follow(client: pg.Client): void {
    client.on("error", () => {});
    client.once("end", () => {
      if (!this.released) void this.retake();
    });
  }

  private async retake(): Promise<void> {
    while (!this.released) {
      try {
        const client = await lockedClient(this.url, Date.now() + 3000);
        if (this.released) {
          await client.end();
          return;
        }
        this.client = client;
        return this.follow(client);
      } catch (error) {
        if (error instanceof DatabaseInUse) return this.onLockLost();
        await sleep(retryMs);
      }
    }
  }
}

async function lockedClient(url: string, deadline: number): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "local-trigger owner",
    keepAlive: true,
  });
  client.on("error", () => {});
  await client.connect();
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>(
      "select pg_try_advisory_lock(hashtextextended($1, 0)) as locked",
      [lockName],
    );
    if (rows[0]?.locked) return client;
    if (Date.now() > deadline) {
      await client.end();
      throw new DatabaseInUse();
    }
    await sleep(retryMs);
  }
}
