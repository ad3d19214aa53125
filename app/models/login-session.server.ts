import { createHash, randomBytes } from "node:crypto";
import { db } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import type { User } from "#app/models/user.server.ts";

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
  return token;
}

/** Who the token belongs to; null when it is unknown, ended or expired. */
export async function userOfLogin(token: string): Promise<User | null> {
  const found = await db().loginSession.findUnique({
    where: { id: hashOf(token) },
    select: {
      id: true,
      expiresAt: true,
      lastSeenAt: true,
      user: { select: { id: true, email: true, name: true } },
    },
  });
  if (!found || found.expiresAt <= new Date()) return null;
  if (Date.now() - found.lastSeenAt.getTime() > SEEN_EVERY_MS) {
    await db().loginSession.updateMany({ where: { id: found.id }, data: { lastSeenAt: new Date() } });
  }
  return found.user;
}

/** Ends the sign-in of one browser. Unknown tokens are no error. */
export async function endLoginSession(token: string): Promise<void> {
  await db().loginSession.deleteMany({ where: { id: hashOf(token) } });
}
