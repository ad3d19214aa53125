import type { Transaction } from "#app/models/db.server.ts";

export type ArchivedDocument = {
  id: string;
  kind: string;
  language: string | null;
  createdAt: Date;
  versions: { number: number; title: string; text: string; author: string; createdAt: Date }[];
};

/** Every document of a chat with all its versions. */
export async function archiveDocuments(tx: Transaction, chatId: string): Promise<ArchivedDocument[]> {
  const documents = await tx.document.findMany({
    where: { chatId },
    select: {
      id: true,
      kind: true,
      language: true,
      createdAt: true,
      versions: {
        orderBy: { number: "asc" },
        select: { number: true, title: true, text: true, author: true, createdAt: true },
      },
    },
  });
  return documents.toSorted((a, b) => Number(a.id) - Number(b.id));
}

/**
 * Gives a fork its own copy of the documents that its messages made, up to what they made of them: versions that the
 * person wrote right after these go along, versions of later calls do not. Ids and numbers stay, as messages name them.
 */
export async function copyDocuments(
  tx: Transaction,
  { from, to, callIds }: { from: string; to: string; callIds: readonly string[] },
): Promise<void> {
  if (callIds.length === 0) return;
  const calls = [...callIds];
  await tx.$executeRaw`
    INSERT INTO "Document" ("chatId", "id", "kind", "language", "createdAt")
    SELECT ${to}, d."id", d."kind", d."language", d."createdAt" FROM "Document" d
    WHERE d."chatId" = ${from} AND EXISTS (
      SELECT 1 FROM "DocumentVersion" v
      WHERE v."chatId" = d."chatId" AND v."documentId" = d."id" AND v."callId" = ANY (${calls}::text[]))`;
  await tx.$executeRaw`
    WITH last AS (
      SELECT "documentId", MAX("number") AS number FROM "DocumentVersion"
      WHERE "chatId" = ${from} AND "callId" = ANY (${calls}::text[]) GROUP BY "documentId"
    ), later AS (
      SELECT v."documentId", MIN(v."number") AS number FROM "DocumentVersion" v
      JOIN last USING ("documentId")
      WHERE v."chatId" = ${from} AND v."author" = 'model' AND v."number" > last.number GROUP BY v."documentId"
    )
    INSERT INTO "DocumentVersion"
      ("chatId", "documentId", "number", "title", "text", "author", "callId", "digest", "createdAt")
    SELECT ${to}, v."documentId", v."number", v."title", v."text", v."author", v."callId", v."digest",
           v."createdAt"
    FROM "DocumentVersion" v JOIN last USING ("documentId") LEFT JOIN later USING ("documentId")
    WHERE v."chatId" = ${from} AND (later.number IS NULL OR v."number" < later.number)`;
}
