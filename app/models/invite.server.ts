import { createHash, randomBytes } from "node:crypto";
import { db, type Transaction } from "#app/models/db.server.ts";

const LIFE_MS = 7 * 24 * 60 * 60 * 1000;

const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");
const open = (now: Date) => ({ usedAt: null, expiresAt: { gt: now } });

/** Makes an invite for one account, good for a week, and answers its token, of which only a hash is kept. */
export async function createInvite(createdById: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + LIFE_MS);
  await db().invite.create({ data: { tokenHash: hashOf(token), createdById, expiresAt } });
  return token;
}

/** Whether the token would still make an account. */
export async function inviteIsOpen(token: string): Promise<boolean> {
  const found = await db().invite.findFirst({ where: { tokenHash: hashOf(token), ...open(new Date()) } });
  return found !== null;
}

/** Uses the invite up for this account. False when it is unknown, used, revoked or expired. */
export async function useInvite(tx: Transaction, token: string, userId: string): Promise<boolean> {
  const now = new Date();
  const where = { tokenHash: hashOf(token), ...open(now) };
  const { count } = await tx.invite.updateMany({ where, data: { usedAt: now, usedById: userId } });
  return count > 0;
}

export type InviteLine = {
  id: string;
  createdAt: Date;
  expiresAt: Date;
  /** Who made it, and who came; null where that account is gone. */
  by: string | null;
  used: { by: string | null; at: Date } | null;
};

/** The newest invites, used and expired ones among them. */
export async function listInvites(limit: number): Promise<InviteLine[]> {
  const rows = await db().invite.findMany({
    orderBy: { createdAt: "desc" },
    take: limit,
    include: { createdBy: { select: { name: true } }, usedBy: { select: { email: true } } },
  });
  return rows.map(({ id, createdAt, expiresAt, createdBy, usedBy, usedAt }) => ({
    id,
    createdAt,
    expiresAt,
    by: createdBy?.name ?? null,
    used: usedAt && { by: usedBy?.email ?? null, at: usedAt },
  }));
}

/** Makes an invite worthless. False when there is none, or somebody has used it. */
export async function revokeInvite(id: string): Promise<boolean> {
  return (await db().invite.deleteMany({ where: { id, usedAt: null } })).count > 0;
}
