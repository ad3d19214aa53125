import { db, transaction, type Transaction } from "#app/models/db.server.ts";

/** What one person may use; 0: no limit. A day is the last 24 hours. */
export type Limits = {
  answersPerMinute: number;
  answersPerDay: number;
  answersAtOnce: number;
  tokensPerDay: number;
  costMicrosPerDay: number;
};

/** How much of a limit is used, and in how many seconds there is room again; 0 while there is. */
export type Measured = { limit: keyof Limits; used: number; of: number; roomIn: number };

type Row = { used: number; oldest: number | null };

const MINUTE = 60;
const DAY = 86_400;
/** A turn whose run was lost does not count as running for longer. */
const LOST_AFTER = 15 * MINUTE;
/** Nobody knows when a running answer ends; this is when it is worth another try. */
const SOON = 10;

/** Each limit that is set, with what this user has used of it. */
export async function measure(userId: string, limits: Limits, tx: Transaction = db()): Promise<Measured[]> {
  const measured: Measured[] = [];
  const add = (limit: keyof Limits, { used, oldest }: Row, window: number): void => {
    const now = Date.now() / 1000;
    const roomIn = oldest === null ? 0 : Math.max(1, Math.ceil(oldest + window - now));
    measured.push({ limit, used, of: limits[limit], roomIn });
  };
  const { answersPerMinute, answersPerDay, answersAtOnce, tokensPerDay, costMicrosPerDay } = limits;
  if (answersPerMinute) add("answersPerMinute", await turns(tx, userId, MINUTE, answersPerMinute), MINUTE);
  if (answersPerDay) add("answersPerDay", await turns(tx, userId, DAY, answersPerDay), DAY);
  if (answersAtOnce) {
    const used = await running(tx, userId);
    measured.push({
      limit: "answersAtOnce",
      used,
      of: answersAtOnce,
      roomIn: used < answersAtOnce ? 0 : SOON,
    });
  }
  const usage = tokensPerDay || costMicrosPerDay ? await spent(tx, userId, limits) : null;
  if (usage && tokensPerDay) add("tokensPerDay", usage.tokens, DAY);
  if (usage && costMicrosPerDay) add("costMicrosPerDay", usage.cost, DAY);
  return measured;
}

/**
 * Counts a turn, unless a limit leaves no room: then answers that one. The same turn again is counted once. Turns of
 * one user are counted one after the other.
 */
export function beginTurn(
  turn: { id: string; userId: string; chatId: string },
  limits: Limits,
): Promise<Measured | null> {
  const { id, userId, chatId } = turn;
  return transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`turns:${userId}`}, 0))`;
    if (await tx.turn.findUnique({ where: { id }, select: { id: true } })) return null;
    await tx.$executeRaw`DELETE FROM "Turn" WHERE "userId" = ${userId} AND "at" < now() - interval '2 days'`;
    // A chat has one turn at a time: another one that is open here was lost with its run.
    await tx.$executeRaw`UPDATE "Turn" SET "endedAt" = now() WHERE "chatId" = ${chatId} AND "endedAt" IS NULL`;
    const full = (await measure(userId, limits, tx)).filter(({ roomIn }) => roomIn > 0);
    if (full.length > 0) return full.reduce((one, other) => (other.roomIn > one.roomIn ? other : one));
    await tx.$executeRaw`INSERT INTO "Turn" ("id", "userId", "chatId", "at") VALUES (${id}, ${userId}, ${chatId}, now())`;
    return null;
  });
}

/** The chat's turn is over. */
export async function endTurn(chatId: string): Promise<void> {
  await db().turn.updateMany({ where: { chatId, endedAt: null }, data: { endedAt: new Date() } });
}

/** `oldest`: when the turn was begun that has to leave the window before there is room; null while there is. */
async function turns(tx: Transaction, userId: string, seconds: number, of: number): Promise<Row> {
  const rows = await tx.$queryRaw<Row[]>`
    SELECT count(*)::int AS "used",
           extract(epoch FROM max("at") FILTER (WHERE "place" >= ${of}))::float8 AS "oldest"
      FROM (SELECT "at", row_number() OVER (ORDER BY "at" DESC) AS "place" FROM "Turn"
             WHERE "userId" = ${userId} AND "at" > now() - make_interval(secs => ${seconds})) "turns"`;
  return rows[0] ?? { used: 0, oldest: null };
}

async function running(tx: Transaction, userId: string): Promise<number> {
  const rows = await tx.$queryRaw<{ used: number }[]>`
    SELECT count(*)::int AS "used" FROM "Turn" WHERE "userId" = ${userId} AND "endedAt" IS NULL
       AND "at" > now() - make_interval(secs => ${LOST_AFTER})`;
  return rows[0]?.used ?? 0;
}

async function spent(tx: Transaction, userId: string, limits: Limits): Promise<{ tokens: Row; cost: Row }> {
  // 0 is no limit: no sum of what was used reaches it.
  const tokensOf = limits.tokensPerDay || Number.MAX_SAFE_INTEGER;
  const costOf = limits.costMicrosPerDay || Number.MAX_SAFE_INTEGER;
  const rows = await tx.$queryRaw<
    { tokens: number; cost: number; tokens_oldest: number | null; cost_oldest: number | null }[]
  >`
    SELECT coalesce(sum("tokens"), 0)::float8 AS "tokens", coalesce(sum("cost"), 0)::float8 AS "cost",
           extract(epoch FROM max("at") FILTER (WHERE "tokens_since" >= ${tokensOf}))::float8 AS "tokens_oldest",
           extract(epoch FROM max("at") FILTER (WHERE "cost_since" >= ${costOf}))::float8 AS "cost_oldest"
      FROM (SELECT "at", "tokens", "cost", sum("tokens") OVER "newest" AS "tokens_since",
                   sum("cost") OVER "newest" AS "cost_since"
              FROM (SELECT "at", "id", coalesce("costMicros", 0)::bigint AS "cost",
                           coalesce("inputTokens", 0)::bigint + coalesce("outputTokens", 0) AS "tokens"
                      FROM "Usage"
                     WHERE "userId" = ${userId} AND "at" > timezone('utc', now()) - interval '1 day') "calls"
            WINDOW "newest" AS (ORDER BY "at" DESC, "id")) "summed"`;
  const row = rows[0];
  return {
    tokens: { used: row?.tokens ?? 0, oldest: row?.tokens_oldest ?? null },
    cost: { used: row?.cost ?? 0, oldest: row?.cost_oldest ?? null },
  };
}
