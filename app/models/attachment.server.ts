import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import type { AttachedFile } from "#app/shared/attachment.ts";

export type Attachment = AttachedFile & { sha256: string };

const shown = { id: true, name: true, mediaType: true, size: true, sha256: true } as const;

/** A file of the user's that nothing refers to yet. False, and nothing stored, when all theirs would be over `most` bytes (0: no limit). */
export function createAttachment(file: Attachment & { userId: string }, most: number): Promise<boolean> {
  const { userId } = file;
  return transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`files:${userId}`}, 0))`;
    const { _sum } = await tx.attachment.aggregate({ where: { userId }, _sum: { size: true } });
    if (most > 0 && (_sum.size ?? 0) + file.size > most) return false;
    await tx.attachment.create({ data: { ...file, name: storableText(file.name) } });
    return true;
  });
}

/** Those of these files that are the user's, in the order of the ids. */
export async function attachmentsOf(userId: string, ids: readonly string[]): Promise<Attachment[]> {
  if (ids.length === 0) return [];
  const rows = await db().attachment.findMany({ where: { userId, id: { in: [...ids] } }, select: shown });
  return ids.flatMap((id) => rows.find((row) => row.id === id) ?? []);
}

/** All of the user's files, or those that this chat's messages refer to, oldest first. */
export function allAttachmentsOf(
  userId: string,
  chatId?: string,
): Promise<(Attachment & { createdAt: Date })[]> {
  return db().attachment.findMany({
    where: { userId, ...(chatId === undefined ? {} : { messages: { some: { chatId } } }) },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    select: { ...shown, createdAt: true },
  });
}

/** The files that messages of this chat refer to. */
export async function attachmentIdsOfChat(chatId: string): Promise<string[]> {
  const rows = await db().messageFile.findMany({
    where: { chatId },
    distinct: ["attachmentId"],
    select: { attachmentId: true },
  });
  return rows.map((row) => row.attachmentId);
}

/** Whose file it is; null for one of nobody, and for none. */
export async function attachmentOwner(id: string): Promise<string | null> {
  const row = await db().attachment.findUnique({ where: { id }, select: { userId: true } });
  return row?.userId ?? null;
}

/** Files that no message refers to: of accounts that are gone, and those older than that. */
export async function strayAttachments(olderThan: Date, limit: number): Promise<string[]> {
  const rows = await db().attachment.findMany({
    where: { messages: { none: {} }, OR: [{ userId: null }, { createdAt: { lt: olderThan } }] },
    orderBy: { createdAt: "asc" },
    take: limit,
    select: { id: true },
  });
  return rows.map((row) => row.id);
}

/**
 * Deletes a file that no message refers to: first its bytes, then its row, and meanwhile nothing can begin to refer to
 * it. Answers false, and deletes nothing, while something does, or when it is gone already.
 */
export function deleteStray(id: string, deleteBytes: (id: string) => Promise<void>): Promise<boolean> {
  return transaction(async (tx) => {
    const locked = await tx.$queryRaw<
      unknown[]
    >`SELECT 1 AS "one" FROM "Attachment" WHERE "id" = ${id} FOR UPDATE`;
    if (locked.length === 0) return false;
    if (await tx.messageFile.findFirst({ where: { attachmentId: id }, select: { chatId: true } }))
      return false;
    await deleteBytes(id);
    await tx.attachment.delete({ where: { id } });
    return true;
  });
}

/** Whether a message has file parts: then `noteFiles` belongs into the transaction that stores it. */
export const namesFiles = ({ parts }: { parts: unknown[] }): boolean =>
  parts.some((part) => typeof part === "object" && part !== null && "type" in part && part.type === "file");

/**
 * Notes which of their owner's files the chat's messages refer to; with `messageId` those of that message alone. Called
 * in the transaction that stores them.
 */
export async function noteFiles(
  tx: Transaction,
  chatId: string,
  messageId: string | null = null,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "MessageFile" ("chatId", "messageId", "attachmentId")
    SELECT named."chatId", named."messageId", a."id"
    FROM (
      SELECT DISTINCT m."chatId", m."id" AS "messageId", c."userId",
             substring(part->>'url' FROM '^/attachments/([0-9a-f-]{36})$') AS "attachmentId"
      FROM "Message" m JOIN "Chat" c ON c."id" = m."chatId", jsonb_array_elements(m."message"->'parts') part
      WHERE m."chatId" = ${chatId} AND (${messageId}::text IS NULL OR m."id" = ${messageId}) AND part->>'type' = 'file'
    ) named
    JOIN LATERAL (
      SELECT "id" FROM "Attachment"
      WHERE "id" = named."attachmentId" AND "userId" = named."userId" FOR KEY SHARE
    ) a ON true
    ON CONFLICT DO NOTHING`;
}
