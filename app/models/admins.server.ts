import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";

/** The ids of all admins who can sign in. Until the transaction is over nobody stops being one. */
export async function lockAdmins(tx: Transaction): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "User" WHERE "role" = 'admin' AND "disabledAt" IS NULL ORDER BY "id" FOR UPDATE`;
  return rows.map(({ id }) => id);
}

/** "last-admin": somebody must remain who can administrate. "missing": there is no such account. */
export type Changed = "done" | "last-admin" | "missing";

/** Changes an account, unless that would leave the installation without an admin. */
function change(userId: string, data: object, keepsAdmin: boolean): Promise<Changed> {
  return transaction(async (tx) => {
    const admins = await lockAdmins(tx);
    if (!keepsAdmin && admins.length === 1 && admins[0] === userId) return "last-admin";
    const { count } = await tx.user.updateMany({ where: { id: userId }, data });
    if (count > 0 && "disabledAt" in data && data.disabledAt !== null) {
      await tx.loginSession.deleteMany({ where: { userId } });
    }
    return count > 0 ? "done" : "missing";
  });
}

export function setRole(userId: string, role: "member" | "admin"): Promise<Changed> {
  return change(userId, { role }, role === "admin");
}

/** Keeps an account from signing in, and ends all of its sign-ins. Its chats stay. */
export function disableUser(userId: string): Promise<Changed> {
  return change(userId, { disabledAt: new Date() }, false);
}

export function enableUser(userId: string): Promise<Changed> {
  return change(userId, { disabledAt: null }, true);
}

export type UserLine = {
  id: string;
  name: string;
  email: string;
  role: "member" | "admin";
  disabled: boolean;
  createdAt: Date;
  /** Exact to the hour; null: never signed in. */
  lastSeenAt: Date | null;
  chats: number;
  messages: number;
  /** Of all calls of models, as far as their providers say. */
  tokens: number;
  /** Answers that ended with an error. */
  errors: number;
};

type Row = Omit<UserLine, "chats" | "messages" | "tokens" | "errors"> &
  Record<"chats" | "messages" | "tokens" | "errors", bigint>;

/** The signs of a pattern stand for themselves. */
const literal = (search: string) => storableText(search).replace(/[\\%_]/g, "\\$&");

/** The accounts whose name or address holds `search`, the newest first, with counts and never a word of theirs. */
export async function listUsers(input: {
  search: string;
  limit: number;
  offset: number;
}): Promise<UserLine[]> {
  const like = `%${literal(input.search)}%`;
  const rows = await db().$queryRaw<Row[]>`
    WITH page AS (
      SELECT * FROM "User" WHERE "name" ILIKE ${like} OR "email" ILIKE ${like}
      ORDER BY "createdAt" DESC, "id" LIMIT ${input.limit} OFFSET ${input.offset}
    ), written AS (
      SELECT c."userId", count(DISTINCT c."id") AS chats, count(m."id") AS messages,
        count(*) FILTER (WHERE m."message"->'parts' @> '[{"type":"data-error"}]') AS errors
      FROM "Chat" c LEFT JOIN "Message" m ON m."chatId" = c."id"
      WHERE c."userId" IN (SELECT "id" FROM page) GROUP BY c."userId"
    ), spent AS (
      SELECT "userId", sum(coalesce("inputTokens", 0) + coalesce("outputTokens", 0))::bigint AS tokens
      FROM "Usage" WHERE "userId" IN (SELECT "id" FROM page) GROUP BY "userId"
    )
    SELECT page."id", page."name", page."email", page."role", page."disabledAt" IS NOT NULL AS disabled,
      page."createdAt", page."lastSeenAt",
      coalesce(chats, 0) AS chats, coalesce(messages, 0) AS messages,
      coalesce(tokens, 0) AS tokens, coalesce(errors, 0) AS errors
    FROM page LEFT JOIN written ON written."userId" = page."id" LEFT JOIN spent ON spent."userId" = page."id"
    ORDER BY page."createdAt" DESC, page."id"`;
  return rows.map(({ chats, messages, tokens, errors, ...row }) => ({
    ...row,
    chats: Number(chats),
    messages: Number(messages),
    tokens: Number(tokens),
    errors: Number(errors),
  }));
}

/** How many accounts a search finds. */
export function countUsers(search: string): Promise<number> {
  const contains = { contains: literal(search), mode: "insensitive" } as const;
  return db().user.count({ where: { OR: [{ name: contains }, { email: contains }] } });
}
