import { db } from "#app/models/db.server.ts";
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
