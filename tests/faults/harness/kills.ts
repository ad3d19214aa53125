import { readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import type { App, Part } from "../../support/app.ts";
import { eventually } from "../../support/eventually.ts";
import { isAlive } from "../../support/process-list.ts";

/** kill -9 of the process that runs this chat. Throws when there is none. */
export async function killRun(app: App, chatId: string): Promise<void> {
  const pid = await pidOf(app, chatId);
  process.kill(pid, "SIGKILL");
  await eventually(() => !isAlive(pid), { what: () => `${pid} outlives kill -9`, ms: 30_000 });
}

/** The process that runs this chat. Throws when there is none. */
async function pidOf(app: App, chatId: string): Promise<number> {
  return await eventually(async () => (await runOf(app, chatId))?.pid, {
    what: () => `no process runs chat ${chatId}\n${app.logs()}`,
    ms: 30_000,
  });
}

/** The process of this chat's run stands still until the returned function is called, or it is killed. */
export async function freezeRun(app: App, chatId: string): Promise<() => void> {
  const pid = await pidOf(app, chatId);
  process.kill(pid, "SIGSTOP");
  return () => process.kill(pid, "SIGCONT");
}

/** Resolves when this chat's run has booted, and waits for a message. */
export async function runBooted(app: App, chatId: string): Promise<void> {
  const hasBooted = async () => {
    const runId = (await runOf(app, chatId))?.runId;
    return runId !== undefined && app.runLog(runId).includes('"event":"run.booted"');
  };
  await eventually(hasBooted, { what: () => `no run of ${chatId} boots\n${app.logs()}`, ms: 30_000 });
}

/** The chat's run and its process, if it has one now. */
async function runOf(app: App, chatId: string): Promise<{ runId: string; pid: number } | null> {
  const response = await app.trigger(`/api/v1/sessions/${chatId}`);
  const { currentRunId } = (await response.json()) as { currentRunId: string | null };
  const pid = app.runPids().get(currentRunId ?? "");
  return pid === undefined || currentRunId === null ? null : { runId: currentRunId, pid };
}

/** kill -9 of a part; resolves when another process has taken its place and all is well. */
export async function killPart(app: App, part: Part): Promise<void> {
  const old = app.kill9(part);
  const fresh = await app.waitForNewPid(part, old);
  if (fresh === old) throw new Error(`${part} has no new process`);
  await app.healthy();
}

/** Keeps the worker down until the returned function is called; resolves when its runs' processes have ended as well. */
export async function loseWorker(app: App): Promise<() => void> {
  const lost = [...app.runPids().values()];
  const back = app.keepDown("worker");
  await eventually(() => !lost.some(isAlive), { what: () => "a run outlives its worker", ms: 30_000 });
  return back;
}

/** A connection of the test's own to the application's database. */
export async function connect(app: App): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: readFileSync(path.join(app.dataDir, "database-url"), "utf8").trim(),
  });
  // A row may take Postgres away.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Holds rows until `release` is called: whoever wants to write them waits. */
export function hold(app: App, sql: string, values: unknown[]) {
  return holdBy(app, sql, async (client) => {
    const { rowCount } = await client.query(`${sql} FOR NO KEY UPDATE`, values);
    if (!rowCount) throw new Error(`there is nothing to hold: ${sql}`);
  });
}

/** The same for a whole table: nothing in it changes. With `reads` nobody even sees it. */
export function holdTable(app: App, table: string, reads = false) {
  const mode = reads ? "ACCESS EXCLUSIVE" : "SHARE ROW EXCLUSIVE";
  return holdBy(app, table, (client) => client.query(`LOCK TABLE ${table} IN ${mode} MODE`));
}

export type Held = Awaited<ReturnType<typeof hold>>;

async function holdBy(app: App, sql: string, lock: (client: pg.Client) => Promise<unknown>) {
  const client = await connect(app);
  await client.query("BEGIN");
  await lock(client);
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const waiting = async (): Promise<number[]> => {
    // Not of pg_stat_activity: a transaction sees that as it was when it first looked, without those who came later.
    const { rows: waiters } = await client.query<{ pid: number }>(
      "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND $1 = ANY (pg_blocking_pids(pid))",
      [rows[0]?.pid],
    );
    return waiters.map(({ pid }) => pid);
  };
  return {
    /** Resolves when somebody waits. */
    met: () =>
      eventually(async () => (await waiting()).length > 0, {
        what: () => `nobody waits for ${sql}\n${app.logs()}`,
        ms: 30_000,
      }),
    /** Ends the transactions that wait, as the end of their process would. */
    cutWaiters: async () => {
      for (const pid of await waiting()) await client.query("SELECT pg_terminate_backend($1)", [pid]);
    },
    release: async () => {
      await client.query("ROLLBACK");
      await client.end();
    },
  };
}

/** Holds the chat's row: every write of its messages waits. */
export const holdChat = (app: App, chatId: string) =>
  hold(app, `SELECT 1 FROM "Chat" WHERE id = $1`, [chatId]);

/** Lets the answer be saved and holds the save that follows it, of the cursor on `.in`. */
export const holdCursor = (app: App, chatId: string) =>
  holdWrite(app, chatId, {
    table: "ChatSession",
    where: `NEW."lastInEventId" IS DISTINCT FROM OLD."lastInEventId"`,
  });

type Written = { table: "Chat" | "ChatSession" | "Turn"; on?: "UPDATE" | "INSERT"; where: string };

/** Where the row of a table says whose chat it is. */
const CHAT_OF = { Chat: "id", ChatSession: "id", Turn: `"chatId"` };
const WRITE_LOCK = 4711;

/** Holds a write of this chat's row in a table, before it is done, where the condition is true. */
export async function holdWrite(app: App, chatId: string, { table, on = "UPDATE", where }: Written) {
  const name = `hold_${chatId.replaceAll("-", "")}`;
  const client = await connect(app);
  const waiters = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${WRITE_LOCK} AND NOT granted`;
  await client.query(`SELECT pg_advisory_lock(${WRITE_LOCK})`);
  await client.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(${WRITE_LOCK}); RETURN NEW; END $$`);
  await client.query(`CREATE TRIGGER ${name} BEFORE ${on} ON "${table}" FOR EACH ROW
    WHEN (NEW.${CHAT_OF[table]} = '${chatId}' AND ${where}) EXECUTE FUNCTION ${name}()`);
  return {
    met: () =>
      eventually(async () => (await client.query(waiters)).rowCount, {
        what: () => `nobody writes ${where}\n${app.logs()}`,
        ms: 30_000,
      }),
    release: async () => {
      await client.query(`SELECT pg_terminate_backend(pid) FROM (${waiters}) AS waiting`);
      await client.query(`DROP FUNCTION ${name} CASCADE`);
      await client.end();
    },
  };
}
