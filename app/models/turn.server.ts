import { db, transaction } from "#app/models/db.server.ts";
import { Prisma } from "#prisma/generated/client.ts";

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

/** `…Oldest`: when that was begun which has to leave the window before there is room; null while there is. */
type Row = {
  minuteUsed: number;
  minuteOldest: number | null;
  dayUsed: number;
  dayOldest: number | null;
  running: number;
  tokens: number;
  tokensOldest: number | null;
  cost: number;
  costOldest: number | null;
};

const MINUTE = 60;
const DAY = 86_400;
/** A turn whose run was lost does not count as running for longer. */
const LOST_AFTER = 15 * MINUTE;
/** Nobody knows when a running answer ends; this is when it is worth another try. */
const SOON = 10;

/** Each limit that is set, with what this user has used of it. */
export async function measure(userId: string, limits: Limits): Promise<Measured[]> {
  const [row] = await db().$queryRaw<Row[]>(used(userId, limits));
  return row ? measuredOf(row, limits) : [];
}

function measuredOf(row: Row, limits: Limits): Measured[] {
  const now = Date.now() / 1000;
  const roomIn = (oldest: number | null, window: number): number =>
    oldest === null ? 0 : Math.max(1, Math.ceil(oldest + window - now));
  const of = (limit: keyof Limits, used: number, roomIn: number): Measured => ({
    limit,
    used,
    of: limits[limit],
    roomIn,
  });
  return [
    of("answersPerMinute", row.minuteUsed, roomIn(row.minuteOldest, MINUTE)),
    of("answersPerDay", row.dayUsed, roomIn(row.dayOldest, DAY)),
    of("answersAtOnce", row.running, row.running < limits.answersAtOnce ? 0 : SOON),
    of("tokensPerDay", row.tokens, roomIn(row.tokensOldest, DAY)),
    of("costMicrosPerDay", row.cost, roomIn(row.costOldest, DAY)),
  ].filter(({ of }) => of > 0);
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
    // A chat has one turn at a time: another one that is open here was lost with its run.
    const [row] = await tx.$queryRaw<(Row & { known: boolean })[]>`
      WITH "known" AS (SELECT "id" FROM "Turn" WHERE "id" = ${id}),
           "old" AS (DELETE FROM "Turn" WHERE "userId" = ${userId} AND "at" < now() - interval '2 days'),
           "lost" AS (UPDATE "Turn" SET "endedAt" = now()
                       WHERE "chatId" = ${chatId} AND "endedAt" IS NULL AND NOT EXISTS (SELECT FROM "known"))
      SELECT EXISTS (SELECT FROM "known") AS "known", "used".* FROM (${used(userId, limits, chatId)}) "used"`;
    if (!row || row.known) return null;
    const full = measuredOf(row, limits).filter(({ roomIn }) => roomIn > 0);
    if (full.length > 0) return full.reduce((one, other) => (other.roomIn > one.roomIn ? other : one));
    await tx.$executeRaw`INSERT INTO "Turn" ("id", "userId", "chatId", "at") VALUES (${id}, ${userId}, ${chatId}, now())`;
    return null;
  });
}

/** A turn that was counted is not had. */
export async function forgetTurn(id: string): Promise<void> {
  await db().turn.deleteMany({ where: { id } });
}

/** The chat's turn is over. */
export async function endTurn(chatId: string): Promise<void> {
  await db().turn.updateMany({ where: { chatId, endedAt: null }, data: { endedAt: new Date() } });
}

/** What the user has used of all limits, in one row; limits that are not set cost nothing. */
function used(userId: string, limits: Limits, exceptChatId: string | null = null): Prisma.Sql {
  return Prisma.sql`
    SELECT "minute"."used" AS "minuteUsed", "minute"."oldest" AS "minuteOldest",
           "day"."used" AS "dayUsed", "day"."oldest" AS "dayOldest", "now"."running", "spent".*
      FROM (${turns(userId, MINUTE, limits.answersPerMinute)}) "minute",
           (${turns(userId, DAY, limits.answersPerDay)}) "day",
           (SELECT count(*)::int AS "running" FROM "Turn" WHERE "userId" = ${userId} AND "endedAt" IS NULL
               AND "chatId" IS DISTINCT FROM ${exceptChatId} AND "at" > now() - make_interval(secs => ${LOST_AFTER})) "now",
           (${spent(userId, limits)}) "spent"`;
}

function turns(userId: string, seconds: number, of: number): Prisma.Sql {
  if (!of) return Prisma.sql`SELECT 0 AS "used", NULL::float8 AS "oldest"`;
  return Prisma.sql`
    SELECT count(*)::int AS "used",
           extract(epoch FROM max("at") FILTER (WHERE "place" >= ${of}))::float8 AS "oldest"
      FROM (SELECT "at", row_number() OVER (ORDER BY "at" DESC) AS "place" FROM "Turn"
             WHERE "userId" = ${userId} AND "at" > now() - make_interval(secs => ${seconds})) "turns"`;
}

function spent(userId: string, { tokensPerDay, costMicrosPerDay }: Limits): Prisma.Sql {
  if (!tokensPerDay && !costMicrosPerDay) {
    return Prisma.sql`SELECT 0::float8 AS "tokens", NULL::float8 AS "tokensOldest",
                             0::float8 AS "cost", NULL::float8 AS "costOldest"`;
  }
  // 0 is no limit: no sum of what was used reaches it.
  const tokensOf = tokensPerDay || Number.MAX_SAFE_INTEGER;
  const costOf = costMicrosPerDay || Number.MAX_SAFE_INTEGER;
  return Prisma.sql`
    SELECT coalesce(sum("tokens"), 0)::float8 AS "tokens",
           extract(epoch FROM max("at") FILTER (WHERE "tokens_since" >= ${tokensOf}))::float8 AS "tokensOldest",
           coalesce(sum("cost"), 0)::float8 AS "cost",
           extract(epoch FROM max("at") FILTER (WHERE "cost_since" >= ${costOf}))::float8 AS "costOldest"
      FROM (SELECT "at", "tokens", "cost", sum("tokens") OVER "newest" AS "tokens_since",
                   sum("cost") OVER "newest" AS "cost_since"
              FROM (SELECT "at", "id", coalesce("costMicros", 0)::bigint AS "cost",
                           coalesce("inputTokens", 0)::bigint + coalesce("outputTokens", 0) AS "tokens"
                      FROM "Usage"
                     WHERE "userId" = ${userId} AND "at" > timezone('utc', now()) - interval '1 day') "calls"
            WINDOW "newest" AS (ORDER BY "at" DESC, "id")) "summed"`;
}
