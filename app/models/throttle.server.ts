import { db } from "#app/models/db.server.ts";

/**
 * Counts one more try in the key's window, which is opened where none is, and answers how many there were and the
 * seconds until it ends. Tries at the same time, of other web servers too, are counted one after the other.
 */
export async function countTry(key: string, windowMs: number): Promise<{ count: number; seconds: number }> {
  const [row] = await db().$queryRaw<{ count: number; seconds: number }[]>`
    INSERT INTO "ThrottleWindow" AS w ("key", "count", "endsAt")
    VALUES (${key}, 1, (now() AT TIME ZONE 'UTC') + ${windowMs}::int * interval '1 millisecond')
    ON CONFLICT ("key") DO UPDATE SET
      "count" = CASE WHEN w."endsAt" <= now() AT TIME ZONE 'UTC' THEN 1 ELSE w."count" + 1 END,
      "endsAt" = CASE WHEN w."endsAt" <= now() AT TIME ZONE 'UTC' THEN excluded."endsAt" ELSE w."endsAt" END
    RETURNING "count", ceil(extract(epoch FROM "endsAt" - (now() AT TIME ZONE 'UTC')))::int AS seconds`;
  if (!row) throw new Error("the window was not stored");
  if (row.count === 1) {
    await db().$executeRaw`DELETE FROM "ThrottleWindow" WHERE "endsAt" <= now() AT TIME ZONE 'UTC'`;
  }
  return row;
}

/** Takes back one try. */
export async function forgiveTry(key: string): Promise<void> {
  await db().throttleWindow.updateMany({
    where: { key, count: { gt: 0 } },
    data: { count: { decrement: 1 } },
  });
}

export async function clearTries(key: string): Promise<void> {
  await db().throttleWindow.deleteMany({ where: { key } });
}
