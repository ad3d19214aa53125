import { createHash, randomBytes } from "node:crypto";
import { db, transaction } from "#app/models/db.server.ts";
import { foldEmail } from "#app/models/user.server.ts";
import { Prisma } from "#prisma/generated/client.ts";

const LIFE_MS = 60 * 60 * 1000;

const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

/** Keeps the address until its owner confirms it, within an hour, and answers the token; an earlier one is worthless. */
export async function createEmailChange(userId: string, email: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const row = {
    email: foldEmail(email),
    tokenHash: hashOf(token),
    expiresAt: new Date(Date.now() + LIFE_MS),
  };
  await db().emailChange.upsert({ where: { userId }, create: { userId, ...row }, update: row });
  return token;
}

const open = (token: string) => ({
  tokenHash: hashOf(token),
  expiresAt: { gt: new Date() },
  user: { disabledAt: null },
});

/** Which address the token would confirm; null when it is unknown, used or too old, or the account is disabled. */
export async function emailOfChange(token: string): Promise<string | null> {
  return (await db().emailChange.findFirst({ where: open(token) }))?.email ?? null;
}

/** "taken": another account has the address meanwhile. "spent": the token is worth nothing. */
export type EmailChanged =
  | { outcome: "taken" | "spent" }
  | { outcome: "done"; userId: string; name: string; from: string; to: string };

/** Uses the token up and changes the address; a link that was mailed to the old one sets no password any more. */
export async function applyEmailChange(token: string): Promise<EmailChanged> {
  try {
    return await transaction(async (tx) => {
      const found = await tx.emailChange.findFirst({ where: open(token), include: { user: true } });
      if (!found || (await tx.emailChange.deleteMany({ where: open(token) })).count === 0) {
        return { outcome: "spent" };
      }
      const { userId, email: to, user } = found;
      await tx.user.update({ where: { id: userId }, data: { email: to } });
      await tx.passwordReset.deleteMany({ where: { userId } });
      return { outcome: "done", userId, name: user.name, from: user.email, to };
    });
  } catch (error) {
    if (!(error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002")) throw error;
    await db().emailChange.deleteMany({ where: { tokenHash: hashOf(token) } });
    return { outcome: "taken" };
  }
}
