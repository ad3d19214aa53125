import { lockAdmins } from "#app/models/admins.server.ts";
import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import { Prisma } from "#prisma/generated/client.ts";

export type Role = "member" | "admin";

export type User = { id: string; email: string; name: string; role: Role };

const shown = { id: true, email: true, name: true, role: true } as const;

/** What is stored as text, typed. */
export const asUser = <Row extends { role: string }>(row: Row): Omit<Row, "role"> & { role: Role } => ({
  ...row,
  role: row.role === "admin" ? "admin" : "member",
});

/** The one spelling of an address under which an account is stored and found. */
export function foldEmail(email: string): string {
  return storableText(email).trim().normalize("NFC").toLowerCase();
}

export type NewUser = {
  email: string;
  name: string;
  /** Null for an account that signs in through a provider alone. */
  passwordHash: string | null;
};

/** Any number that nothing else in this database uses. */
const FIRST_ACCOUNT_LOCK = 7_301_001;

/** Whether there is no account yet. Until the transaction is over nobody else is told so. */
async function isFirst(tx: Transaction): Promise<boolean> {
  const any = () => tx.user.findFirst({ select: { id: true } });
  if (await any()) return false;
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK}::bigint)`;
  return (await any()) === null;
}

/**
 * Makes an account; the first one of an installation is its admin. `admit` runs in the same transaction and says
 * whether it may be made. Null: "taken" or not admitted, and nothing is stored.
 */
export async function createUser(
  input: NewUser,
  admit?: (tx: Transaction, made: { id: string; first: boolean }) => Promise<boolean>,
): Promise<User | null> {
  const { passwordHash } = input;
  const data = { passwordHash, email: foldEmail(input.email), name: storableText(input.name).trim() };
  try {
    return await transaction(async (tx) => {
      const first = await isFirst(tx);
      const role = first ? "admin" : "member";
      const user = await tx.user.create({ data: { ...data, role }, select: shown });
      if (admit && !(await admit(tx, { id: user.id, first }))) throw new NotAdmitted();
      return asUser(user);
    });
  } catch (error) {
    if (error instanceof NotAdmitted) return null;
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002") return null;
    throw error;
  }
}

/** Undoes the transaction. */
class NotAdmitted extends Error {}

/** Whether anybody has an account here. */
export async function anyUser(): Promise<boolean> {
  return (await db().user.findFirst({ select: { id: true } })) !== null;
}

export type Account = User & {
  /** Null where it has no password. */
  passwordHash: string | null;
  disabled: boolean;
};

/** The account of an address. */
export async function findUserByEmail(email: string): Promise<Account | null> {
  const found = await db().user.findUnique({
    where: { email: foldEmail(email) },
    select: { ...shown, passwordHash: true, disabledAt: true },
  });
  if (!found) return null;
  const { disabledAt, ...account } = found;
  return { ...asUser(account), disabled: disabledAt !== null };
}

export async function renameUser(input: { userId: string; name: string }): Promise<void> {
  await db().user.update({ where: { id: input.userId }, data: { name: storableText(input.name) } });
}

/** The PHC string of the account's password; null where it has none. */
export async function passwordHashOf(userId: string): Promise<string | null> {
  const user = await db().user.findUnique({ where: { id: userId }, select: { passwordHash: true } });
  return user?.passwordHash ?? null;
}

/** Sets a new password and ends every sign-in of the account, all or nothing; answers how many there were. */
export function replacePassword(input: { userId: string; passwordHash: string }): Promise<number> {
  return transaction((tx) => setPassword(tx, input));
}

/**
 * Sets the password and ends what an earlier one had opened: every sign-in, and the mailed links that nobody has used
 * yet. Answers how many sign-ins there were.
 */
export async function setPassword(
  tx: Transaction,
  { userId, passwordHash }: { userId: string; passwordHash: string },
): Promise<number> {
  await tx.user.update({ where: { id: userId }, data: { passwordHash } });
  await tx.emailChange.deleteMany({ where: { userId } });
  await tx.passwordReset.deleteMany({ where: { userId } });
  return (await tx.loginSession.deleteMany({ where: { userId } })).count;
}

/** There must be somebody who can administrate the accounts that remain. */
export class LastAdminError extends Error {}

/**
 * Deletes the account with all its rows, unless it has chats that are not among the closed ones: then nothing
 * is deleted, and their ids are answered. Throws LastAdminError for the only admin of other people's accounts.
 */
export function deleteUser(input: { userId: string; closedChats: ReadonlySet<string> }): Promise<string[]> {
  const { userId } = input;
  return transaction(async (tx) => {
    const admins = await lockAdmins(tx);
    const others = admins.length === 1 && admins[0] === userId && (await anyOther(tx, userId));
    if (others) throw new LastAdminError();
    // Until this is over no chat can be made for the account.
    await tx.$queryRaw`SELECT 1 AS "locked" FROM "User" WHERE "id" = ${userId} FOR UPDATE`;
    const chats = await tx.chat.findMany({ where: { userId }, select: { id: true } });
    const open = chats.map(({ id }) => id).filter((id) => !input.closedChats.has(id));
    if (open.length === 0) await tx.user.deleteMany({ where: { id: userId } });
    return open;
  });
}

async function anyOther(tx: Transaction, userId: string): Promise<boolean> {
  return (await tx.user.findFirst({ where: { id: { not: userId } }, select: { id: true } })) !== null;
}
