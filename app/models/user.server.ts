import { db, transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import { Prisma } from "#prisma/generated/client.ts";

export type User = { id: string; email: string; name: string };

const shown = { id: true, email: true, name: true } as const;

/** The one spelling of an address under which an account is stored and found. */
export function foldEmail(email: string): string {
  return storableText(email).trim().normalize("NFC").toLowerCase();
}

/** Null when the address already has an account. */
export async function createUser(input: {
  email: string;
  name: string;
  passwordHash: string;
}): Promise<User | null> {
  const data = { ...input, email: foldEmail(input.email), name: storableText(input.name).trim() };
  try {
    return await db().user.create({ data, select: shown });
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002") return null;
    throw error;
  }
}

/** The account of an address with its hash, which is null where it has no password. */
export function findUserByEmail(email: string): Promise<(User & { passwordHash: string | null }) | null> {
  return db().user.findUnique({
    where: { email: foldEmail(email) },
    select: { ...shown, passwordHash: true },
  });
}

export async function renameUser(input: { userId: string; name: string }): Promise<void> {
  await db().user.update({ where: { id: input.userId }, data: { name: storableText(input.name) } });
}

/** The PHC string of the account's password; null where it has none. */
export async function passwordHashOf(userId: string): Promise<string | null> {
  const user = await db().user.findUnique({ where: { id: userId }, select: { passwordHash: true } });
  return user?.passwordHash ?? null;
}

/** Sets a new password and ends every sign-in of the account, both or none; answers how many there were. */
export function replacePassword(input: { userId: string; passwordHash: string }): Promise<number> {
  const { userId, passwordHash } = input;
  return transaction(async (tx) => {
    await tx.user.update({ where: { id: userId }, data: { passwordHash } });
    return (await tx.loginSession.deleteMany({ where: { userId } })).count;
  });
}

/**
 * Deletes the account with all its rows, unless it has chats that are not among the closed ones: then nothing
 * is deleted, and their ids are answered.
 */
export function deleteUser(input: { userId: string; closedChats: ReadonlySet<string> }): Promise<string[]> {
  return transaction(async (tx) => {
    // Until this is over no chat can be made for the account.
    await tx.$queryRaw`SELECT 1 AS "locked" FROM "User" WHERE "id" = ${input.userId} FOR UPDATE`;
    const chats = await tx.chat.findMany({ where: { userId: input.userId }, select: { id: true } });
    const open = chats.map(({ id }) => id).filter((id) => !input.closedChats.has(id));
    if (open.length === 0) await tx.user.deleteMany({ where: { id: input.userId } });
    return open;
  });
}
