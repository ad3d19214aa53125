import { createHash } from "node:crypto";
import pg from "pg";
import { migrate } from "./migrate.ts";
import { OwnerLock } from "./owner-lock.ts";

type Query = <R>(text: string, values?: unknown[]) => Promise<{ rows: R[]; rowCount: number }>;

/** What code inside a transaction may do. `afterCommit` callbacks run in order, and only once COMMIT has succeeded. */
export type Tx = {
  query: Query;
  afterCommit(fn: () => void): void;
  /** Runs `fn` under a savepoint: when it throws, its writes and callbacks are undone and the error is thrown on. */
  savepoint<T>(fn: () => Promise<T>): Promise<T>;
};

export type DatabaseOptions = {
  /** How long to wait for another server to let go of this database before refusing to start. */
  lockWaitMs?: number;
  /** Called when the right to be the only server on this database has been lost for good. */
  onLockLost?: () => void;
};

/**
 * The one door to Postgres: schema `local_trigger`, int8 read as number, constant statements prepared.
 * A second server on the same database is refused by a session-level advisory lock.
 */
export class Database {
  private constructor(
    private readonly pool: pg.Pool,
    private readonly lock: OwnerLock,
  ) {}

  static async open(url: string, options: DatabaseOptions = {}): Promise<Database> {
    const lock = await OwnerLock.take(url, options);
    const pool = new pg.Pool({
      connectionString: url,
      max: 10,
      types: int8AsNumber,
      application_name: "local-trigger",
    });
    // A server restart breaks idle and busy clients alike; queries report it, an unhandled "error" event would end the process.
    pool.on("error", ignore);
    pool.on("connect", (client) => client.on("error", ignore));
    try {
      await migrate(pool);
    } catch (error) {
      await pool.end();
      await lock.release();
      throw error;
    }
    return new Database(pool, lock);
  }

  query: Query = (text, values) => run(this.pool, text, values);

  /** Runs `fn` between BEGIN and COMMIT; throws on what `fn` throws after ROLLBACK. Retries nothing. */
  async transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    const tx = new OpenTransaction(client);
    let broken: Error | undefined;
    try {
      await client.query("begin");
      const result = await fn(tx);
      await client.query("commit");
      tx.runCallbacks();
      return result;
    } catch (error) {
      broken = await rollback(client);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.lock.release();
  }
}

/** Waits for the transaction-level lock named `key`. Lock order: session, then run row, then stream row. */
export async function lockKey(tx: Tx, key: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [key]);
}

class OpenTransaction implements Tx {
  private callbacks: (() => void)[] = [];
  private depth = 0;

  constructor(private readonly client: pg.PoolClient) {}

  query: Query = (text, values) => run(this.client, text, values);

  afterCommit(fn: () => void): void {
    this.callbacks.push(fn);
  }

  async savepoint<T>(fn: () => Promise<T>): Promise<T> {
    const name = `s${++this.depth}`;
    const before = this.callbacks.length;
    await this.client.query(`savepoint ${name}`);
    try {
      const result = await fn();
      await this.client.query(`release savepoint ${name}`);
      return result;
    } catch (error) {
      this.callbacks.length = before;
      await this.client.query(`rollback to savepoint ${name}`);
      throw error;
    } finally {
      this.depth--;
    }
  }

  runCallbacks(): void {
    for (const fn of this.callbacks) fn();
  }
}

async function rollback(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query("rollback");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const statementNames = new Map<string, string>();
const maxPrepared = 500;

async function run<R>(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values?: unknown[],
): Promise<{ rows: R[]; rowCount: number }> {
  const result = await client.query<pg.QueryResultRow>(
    values ? { name: statementName(text), text, values } : text,
  );
  return { rows: result.rows as R[], rowCount: result.rowCount ?? 0 };
}

function statementName(text: string): string | undefined {
  const known = statementNames.get(text);
  if (known || statementNames.size >= maxPrepared) return known;
  const name = createHash("sha1").update(text).digest("base64url");
  statementNames.set(text, name);
  return name;
}

const int8 = 20;
const int8AsNumber = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    return oid === int8 ? Number : pg.types.getTypeParser(oid, format as "text");
  },
} as pg.CustomTypesConfig;

function ignore(): void {}
