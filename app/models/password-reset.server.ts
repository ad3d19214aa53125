import { createHash, randomBytes } from "node:crypto";
import { db, transaction } from "#app/models/db.server.ts";
import { setPassword } from "#app/models/user.server.ts";

const LIFE_MS = 60 * 60 * 1000;

const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

/** Makes the account's one token, good for an hour, and answers it; an earlier one is worthless from now on. */
export async function createReset(userId: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const row = { tokenHash: hashOf(token), expiresAt: new Date(Date.now() + LIFE_MS) };
  await db().passwordReset.upsert({ where: { userId }, create: { userId, ...row }, update: row });
  return token;
}

/** Whose password the token may set, and whether providers are connected; null when it is unknown, used or too old, or the account is disabled. */
export async function userOfReset(
  token: string,
): Promise<{ id: string; email: string; name: string; connected: boolean } | null> {
  const identities = { select: { issuer: true }, take: 1 };
  const found = await db().passwordReset.findFirst({
    where: { tokenHash: hashOf(token), expiresAt: { gt: new Date() }, user: { disabledAt: null } },
    select: { user: { select: { id: true, email: true, name: true, identities } } },
  });
  if (!found) return null;
  const { id, email, name, identities: some } = found.user;
  return { id, email, name, connected: some.length > 0 };
}

/**
 * Uses the token up, sets the password, ends every sign-in and disconnects every provider, which whoever was in the
 * account may have connected: all or nothing. False when another was faster.
 */
export function applyReset(input: { token: string; userId: string; passwordHash: string }): Promise<boolean> {
  const { token, userId, passwordHash } = input;
  return transaction(async (tx) => {
    const where = { tokenHash: hashOf(token), userId, expiresAt: { gt: new Date() } };
    if ((await tx.passwordReset.deleteMany({ where })).count === 0) return false;
    await setPassword(tx, { userId, passwordHash });
    await tx.identity.deleteMany({ where: { userId } });
    return true;
  });
}
