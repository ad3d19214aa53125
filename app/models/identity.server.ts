import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import { asUser, type User } from "#app/models/user.server.ts";

/** An account at a provider. `label`: what its owner knows it by. */
export type Identity = { issuer: string; subject: string; label: string };

/** Whom the provider's account signs in; null: nobody is connected with it. */
export async function userOfIdentity(
  identity: Omit<Identity, "label">,
): Promise<(User & { disabled: boolean }) | null> {
  const { issuer, subject } = identity;
  const found = await db().identity.findUnique({
    where: { issuer_subject: { issuer, subject } },
    select: { user: { select: { id: true, email: true, name: true, role: true, disabledAt: true } } },
  });
  if (!found) return null;
  const { disabledAt, ...user } = found.user;
  return { ...asUser(user), disabled: disabledAt !== null };
}

/** Connects it with an account that is being made. Throws where it is another's already. */
export async function addIdentity(tx: Transaction, userId: string, identity: Identity): Promise<void> {
  const label = storableText(identity.label).slice(0, 254);
  await tx.identity.create({ data: { ...identity, label, userId } });
}

/** "taken": it is another person's. "another": this person has one of the same issuer. */
export function connectIdentity(
  userId: string,
  identity: Identity,
): Promise<"connected" | "taken" | "another"> {
  return transaction(async (tx) => {
    await lock(tx, userId);
    const { issuer, subject } = identity;
    const there = await tx.identity.findUnique({ where: { issuer_subject: { issuer, subject } } });
    if (there) return there.userId === userId ? "connected" : "taken";
    if ((await tx.identity.count({ where: { userId, issuer } })) > 0) return "another";
    const label = storableText(identity.label).slice(0, 254);
    const { count } = await tx.identity.createMany({
      data: { issuer, subject, label, userId },
      skipDuplicates: true,
    });
    return count > 0 ? "connected" : "taken";
  });
}

/** Disconnects the issuer's account, unless nothing would remain to sign in with: a password, or one of `others`. */
export function disconnectIdentity(
  userId: string,
  issuer: string,
  others: string[],
): Promise<"done" | "last" | "missing"> {
  return transaction(async (tx) => {
    await lock(tx, userId);
    const user = await tx.user.findUnique({ where: { id: userId }, select: { passwordHash: true } });
    const remaining = await tx.identity.count({ where: { userId, issuer: { in: others, not: issuer } } });
    if (user?.passwordHash == null && remaining === 0) return "last";
    const { count } = await tx.identity.deleteMany({ where: { userId, issuer } });
    return count > 0 ? "done" : "missing";
  });
}

/** What one person has connected. */
export function listIdentities(userId: string): Promise<{ issuer: string; label: string }[]> {
  return db().identity.findMany({ where: { userId }, select: { issuer: true, label: true } });
}

/** Of two changes of one person's ways in, the second sees what the first has left. */
async function lock(tx: Transaction, userId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 AS "locked" FROM "User" WHERE "id" = ${userId} FOR UPDATE`;
}
