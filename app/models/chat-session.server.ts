import { db, type Transaction } from "#app/models/db.server.ts";
import { decryptToken, encryptToken } from "#app/models/token-cipher.server.ts";
import { Prisma } from "#prisma/generated/client.ts";

/** Positions in a session's two streams: decimal strings, null before the first turn ends. */
export type Cursors = { lastEventId: string | null; lastInEventId: string | null };

export type SessionHandle = Cursors & { runId: string | null; publicAccessToken: string | null };

type SessionUpdate = { chatId: string; runId?: string | null; publicAccessToken?: string | null };

/**
 * Completes the session of a chat. What is missing, null or empty leaves the stored value alone.
 * Writes nothing and answers false when the chat does not exist (any more).
 */
export async function saveSession(input: SessionUpdate, tx: Transaction = db()): Promise<boolean> {
  // FOR KEY SHARE waits for a delete that is under way and then finds no chat.
  const chat = Prisma.sql`FROM "Chat" WHERE "id" = ${input.chatId} FOR KEY SHARE`;
  return (await tx.$executeRaw(saveSessionSql(input, chat))) > 0;
}

/** The same as a part of a statement; `from`: what comes after the columns of the one row, or of none. */
export function saveSessionSql(input: SessionUpdate, from: Prisma.Sql): Prisma.Sql {
  const runId = input.runId || null;
  const token = input.publicAccessToken ? encryptToken(input.publicAccessToken, input.chatId) : null;
  return Prisma.sql`
    INSERT INTO "ChatSession" ("id", "runId", "publicAccessToken", "updatedAt")
    SELECT ${input.chatId}, ${runId}, ${token}, timezone('utc', now()) ${from}
    ON CONFLICT ("id") DO UPDATE SET
      "runId" = COALESCE(EXCLUDED."runId", "ChatSession"."runId"),
      "publicAccessToken" = COALESCE(EXCLUDED."publicAccessToken", "ChatSession"."publicAccessToken"),
      "updatedAt" = EXCLUDED."updatedAt"`;
}

/** The stored stream token in clear, or null when there is none or it cannot be opened any more. */
export async function readToken(chatId: string): Promise<string | null> {
  const row = await db().chatSession.findUnique({
    where: { id: chatId },
    select: { publicAccessToken: true },
  });
  return row?.publicAccessToken ? decryptToken(row.publicAccessToken, chatId) : null;
}

/** Both cursors of a chat, null each when nothing is stored. */
export async function readCursors(chatId: string, tx: Transaction = db()): Promise<Cursors> {
  const row = await tx.chatSession.findUnique({
    where: { id: chatId },
    select: { lastEventId: true, lastInEventId: true },
  });
  return row ?? { lastEventId: null, lastInEventId: null };
}

/**
 * Moves the cursors, never backwards: a late write of an older turn must not replay a newer one.
 * Call it in the transaction that writes the messages the cursors stand for, with the chat's row locked.
 */
export async function moveCursors(
  tx: Transaction,
  chatId: string,
  cursors: { lastEventId?: string | undefined; lastInEventId?: string | undefined },
): Promise<void> {
  const out = cursors.lastEventId ?? null;
  const input = cursors.lastInEventId ?? null;
  if (out === null && input === null) return;
  await tx.$executeRaw`
    INSERT INTO "ChatSession" ("id", "lastEventId", "lastInEventId", "updatedAt")
    VALUES (${chatId}, ${out}, ${input}, timezone('utc', now()))
    ON CONFLICT ("id") DO UPDATE SET
      "lastEventId" = GREATEST(EXCLUDED."lastEventId"::bigint, "ChatSession"."lastEventId"::bigint)::text,
      "lastInEventId" = GREATEST(EXCLUDED."lastInEventId"::bigint, "ChatSession"."lastInEventId"::bigint)::text,
      "updatedAt" = EXCLUDED."updatedAt"`;
}

/** A stored session row with its token opened. */
export function openSession(
  row: Cursors & { id: string; runId: string | null; publicAccessToken: string | null },
): SessionHandle {
  const { id, runId, lastEventId, lastInEventId, publicAccessToken: sealed } = row;
  const publicAccessToken = sealed ? decryptToken(sealed, id) : null;
  return { runId, lastEventId, lastInEventId, publicAccessToken };
}
