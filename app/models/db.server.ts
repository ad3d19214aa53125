import { PrismaPg } from "@prisma/adapter-pg";
import { env } from "#app/env.server.ts";
import { Prisma, PrismaClient } from "#prisma/generated/client.ts";

/** Small on purpose: every run process has a pool of its own, and Postgres takes 100 connections in all. */
const POOL_SIZE = 5;
/** As long as a run waits in process for the next message, so that its next turn finds a warm connection. */
const IDLE_MS = 35_000;
const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** Who comes when all connections are taken waits for one; a burst of people on a busy machine is no error. */
const TRANSACTION_WAIT_MS = 10_000;

export type Transaction = Prisma.TransactionClient;

let client: PrismaClient | undefined;

function connect(): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: env().DATABASE_URL,
    max: POOL_SIZE,
    idleTimeoutMillis: IDLE_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    allowExitOnIdle: true,
  });
  const transactionOptions = { maxWait: TRANSACTION_WAIT_MS, timeout: STATEMENT_TIMEOUT_MS };
  return new PrismaClient({ adapter, transactionOptions });
}

/** The process's one Prisma client, connected at its first query. */
export function db(): PrismaClient {
  return (client ??= connect());
}

/** Runs `fn` in one transaction; nothing is kept when it throws. Retries nothing. */
export function transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
  return db().$transaction(fn);
}

/** Runs `fn` in one transaction whose statements may each take so long, and no longer. */
export function hurried<T>(ms: number, fn: (tx: Transaction) => Promise<T>): Promise<T> {
  return transaction(async (tx) => {
    await tx.$queryRaw`SELECT set_config('statement_timeout', ${String(ms)}, true)`;
    return fn(tx);
  });
}

/** Whether a statement was ended because it took too long. */
export const tookTooLong = (error: unknown): boolean =>
  error instanceof Error && /statement timeout/.test(error.message);

/** Reads that all see the same moment of the database. */
export function snapshot<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
  return db().$transaction(fn, { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead });
}

/** Closes the pool; the next `db()` opens a new one. */
export async function disconnect(): Promise<void> {
  const open = client;
  client = undefined;
  await open?.$disconnect();
}
