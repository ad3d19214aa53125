import { snapshot, type Transaction } from "#app/models/db.server.ts";
import { documentAuthor, documentKind, type DocumentPage } from "#app/shared/documents.ts";

/** Which version: of a document, the newest without a number, or the one that a tool's call made. */
export type DocumentPlace = { documentId: string; version?: number | undefined } | { callId: string };

/** A version of a document of one's own chat, and the list of the others; null when it is not there, or not theirs. */
export function documentPage(input: {
  userId: string;
  chatId: string;
  place: DocumentPlace;
}): Promise<DocumentPage | null> {
  const { userId, chatId, place } = input;
  return snapshot(async (tx) => {
    const found = await findVersion(tx, chatId, place);
    if (!found) return null;
    const document = await tx.document.findFirst({
      where: { chatId, id: found.documentId, chat: { userId } },
      select: {
        id: true,
        kind: true,
        language: true,
        versions: {
          orderBy: { number: "asc" },
          select: { number: true, title: true, author: true, createdAt: true },
        },
      },
    });
    if (!document) return null;
    const { number, title, text } = found;
    const previous = await tx.documentVersion.findFirst({
      where: { chatId, documentId: document.id, number: number - 1 },
      select: { text: true },
    });
    return {
      ...document,
      kind: documentKind.parse(document.kind),
      versions: document.versions.map((version) => ({
        ...version,
        author: documentAuthor.parse(version.author),
        createdAt: version.createdAt.toISOString(),
      })),
      shown: { number, title, text },
      previousText: previous?.text ?? null,
    };
  });
}

function findVersion(tx: Transaction, chatId: string, place: DocumentPlace) {
  const where =
    "callId" in place
      ? { chatId, callId: place.callId }
      : {
          chatId,
          documentId: place.documentId,
          ...(place.version === undefined ? {} : { number: place.version }),
        };
  // Providers may number the calls of each answer from one: the last one is meant. An imported version has any date.
  const orderBy = "callId" in place ? { createdAt: "desc" as const } : { number: "desc" as const };
  return tx.documentVersion.findFirst({ where, orderBy: [orderBy, { number: "desc" }] });
}
