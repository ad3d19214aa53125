import { createHash, randomBytes } from "node:crypto";
import { db } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import { asUser, type User } from "#app/models/user.server.ts";

/** How long a sign-in lasts, in seconds. */
export const LOGIN_SECONDS = 30 * 24 * 60 * 60;
const SEEN_EVERY_MS = 60 * 60 * 1000;

const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

/** Signs a browser in and answers the cookie's token, of which only a hash is kept. */
export async function createLoginSession(input: {
  userId: string;
  userAgent: string | null;
  ip: string | null;
}): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const userAgent = input.userAgent && storableText(input.userAgent).slice(0, 300);
  const expiresAt = new Date(Date.now() + LOGIN_SECONDS * 1000);
  await db().loginSession.deleteMany({ where: { userId: input.userId, expiresAt: { lt: new Date() } } });
  await db().loginSession.create({
    data: { id: hashOf(token), userId: input.userId, userAgent, ip: input.ip, expiresAt },
  });
  await db().user.updateMany({ where: { id: input.userId }, data: { lastSeenAt: new Date() } });
  return token;
}

/** Who the token belongs to; null when it is unknown, ended or expired, or the account is disabled. */
export async function userOfLogin(token: string): Promise<User | null> {
  const found = await db().loginSession.findUnique({
    where: { id: hashOf(token) },
    select: {
      id: true,
      expiresAt: true,
      lastSeenAt: true,
      user: { select: { id: true, email: true, name: true, role: true, disabledAt: true } },
    },
  });
  if (!found || found.expiresAt <= new Date()) return null;
  const { disabledAt, ...user } = found.user;
  if (disabledAt) return null;
  if (Date.now() - found.lastSeenAt.getTime() > SEEN_EVERY_MS) {
    const seen = { lastSeenAt: new Date() };
    await db().loginSession.updateMany({ where: { id: found.id }, data: seen });
    await db().user.updateMany({ where: { id: user.id }, data: seen });
  }
  return asUser(user);
}

/** When the token's sign-in began; null when there is none. */
export async function loginBegan(token: string): Promise<Date | null> {
  const found = await db().loginSession.findUnique({
    where: { id: hashOf(token) },
    select: { createdAt: true },
  });
  return found?.createdAt ?? null;
}

/** Ends the sign-in of one browser. Unknown tokens are no error. */
export async function endLoginSession(token: string): Promise<void> {
  await db().loginSession.deleteMany({ where: { id: hashOf(token) } });
}

export type Login = {
  id: string;
  userAgent: string | null;
  createdAt: Date;
  /** Exact to the hour. */
  lastSeenAt: Date;
  /** Whether this is the login that asks. */
  current: boolean;
};

/** The user's signed-in browsers, the one that asks first, then the one last seen. */
export async function listLogins(input: { userId: string; token: string }): Promise<Login[]> {
  const rows = await db().loginSession.findMany({
    where: { userId: input.userId, expiresAt: { gt: new Date() } },
    orderBy: [{ lastSeenAt: "desc" }, { createdAt: "desc" }],
    select: { id: true, userAgent: true, createdAt: true, lastSeenAt: true },
  });
  const id = hashOf(input.token);
  const logins = rows.map((row) => ({ ...row, current: row.id === id }));
  return logins.toSorted((a, b) => Number(b.current) - Number(a.current));
}

/** Ends one of the user's sign-ins. False when it is not there or someone else's. */
export async function endLogin(input: { userId: string; id: string }): Promise<boolean> {
  const { count } = await db().loginSession.deleteMany({ where: { id: input.id, userId: input.userId } });
  return count > 0;
}

/** Ends all of the user's sign-ins but the token's; answers how many there were. */
export async function endOtherLogins(input: { userId: string; token: string }): Promise<number> {
  const where = { userId: input.userId, id: { not: hashOf(input.token) } };
  return (await db().loginSession.deleteMany({ where })).count;
}
