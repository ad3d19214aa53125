import { createHash } from "node:crypto";
import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import {
  documentAuthor,
  documentKind,
  MAX_DOCUMENTS,
  MAX_VERSIONS,
  type DocumentAuthor,
  type DocumentKind,
} from "#app/shared/documents.ts";

export type DocumentVersionRow = {
  documentId: string;
  kind: DocumentKind;
  language: string | null;
  version: number;
  title: string;
  text: string;
  author: DocumentAuthor;
};

/** `refused`: why nothing was written, in a sentence. */
export type DocumentOutcome = DocumentVersionRow | "no-chat" | "no-document" | { refused: string };

type Maker = {
  /** Whose chat it must be. */
  userId: string;
  chatId: string;
  callId: string;
  /** What the call was given. The same call with the same again gives the version that it made, and no second one. */
  given: unknown;
  author: DocumentAuthor;
};

type Contents = { title: string; text: string };

/** What the next version is to be, by what the newest is. */
type NextVersion = (newest: DocumentVersionRow) => Contents | { refused: string };

const select = {
  documentId: true,
  number: true,
  title: true,
  text: true,
  author: true,
  document: { select: { kind: true, language: true } },
} as const;

type Row = {
  documentId: string;
  number: number;
  title: string;
  text: string;
  author: string;
  document: { kind: string; language: string | null };
};

const toVersion = ({ document, number, author, ...row }: Row): DocumentVersionRow => ({
  ...row,
  version: number,
  author: documentAuthor.parse(author),
  kind: documentKind.parse(document.kind),
  language: document.language,
});

/** Begins a document of one's own chat: its first version. */
export function createDocument(
  made: Maker & Contents & { kind: DocumentKind; language: string | null },
): Promise<DocumentOutcome> {
  const { chatId, kind, language } = made;
  return once(made, async (tx) => {
    const [count] = await tx.$queryRaw<{ last: number }[]>`
      SELECT COALESCE(MAX("id"::int), 0) AS last FROM "Document" WHERE "chatId" = ${chatId}`;
    const last = count?.last ?? 0;
    if (last >= MAX_DOCUMENTS) return { refused: "This chat holds as many documents as one may." };
    const id = String(last + 1);
    await tx.document.create({ data: { chatId, id, kind, language: language && storableText(language) } });
    return await insert(tx, made, id, 1, made);
  });
}

/** Adds a version after the newest one of a document in one's own chat. */
export function addVersion(
  made: Maker & { documentId: string; next: NextVersion },
): Promise<DocumentOutcome> {
  const { chatId, documentId, next } = made;
  return once(made, async (tx) => {
    const newest = await tx.documentVersion.findFirst({
      where: { chatId, documentId },
      orderBy: { number: "desc" },
      select,
    });
    if (!newest) return "no-document";
    if (newest.number >= MAX_VERSIONS) return { refused: "This document has as many versions as one may." };
    const contents = next(toVersion(newest));
    if ("refused" in contents) return contents;
    return await insert(tx, made, documentId, newest.number + 1, contents);
  });
}

/** What a call was given, in few signs. */
export const digestOf = ({ given }: Pick<Maker, "given">): string =>
  createHash("sha256").update(JSON.stringify(given)).digest("hex");

/** Versions get their numbers one after the other, under the chat's lock. */
function once(made: Maker, write: (tx: Transaction) => Promise<DocumentOutcome>): Promise<DocumentOutcome> {
  const { userId, chatId, callId } = made;
  return transaction(async (tx) => {
    const locked = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM "Chat" WHERE "id" = ${chatId} AND "userId" = ${userId} FOR UPDATE`;
    if (locked.length === 0) return "no-chat";
    const same = { chatId_callId_digest: { chatId, callId, digest: digestOf(made) } };
    const before = await tx.documentVersion.findUnique({ where: same, select });
    return before ? toVersion(before) : await write(tx);
  });
}

async function insert(
  tx: Transaction,
  made: Maker,
  documentId: string,
  number: number,
  { title, text }: Contents,
): Promise<DocumentVersionRow> {
  const { chatId, callId, author } = made;
  const data = { chatId, documentId, number, author, callId, digest: digestOf(made) };
  const contents = { title: storableText(title), text: storableText(text) };
  return toVersion(await tx.documentVersion.create({ data: { ...data, ...contents }, select }));
}

/** A version for the chat's own run, the newest without a number; null when it is not there. */
export async function readVersion(where: {
  chatId: string;
  documentId: string;
  version?: number | undefined;
}): Promise<DocumentVersionRow | null> {
  const { chatId, documentId, version } = where;
  const found = await db().documentVersion.findFirst({
    where: { chatId, documentId, ...(version === undefined ? {} : { number: version }) },
    orderBy: { number: "desc" },
    select,
  });
  return found && toVersion(found);
}

/** The newest version of each document of a chat, without the texts, in the order in which they were begun. */
export async function newestVersions(chatId: string): Promise<Omit<DocumentVersionRow, "text">[]> {
  const rows = await db().$queryRaw<(Omit<DocumentVersionRow, "text"> & { kind: string; author: string })[]>`
    SELECT DISTINCT ON (d."id"::int) d."id" AS "documentId", d."kind", d."language", v."number" AS version,
           v."title", v."author"
    FROM "Document" d JOIN "DocumentVersion" v ON v."chatId" = d."chatId" AND v."documentId" = d."id"
    WHERE d."chatId" = ${chatId} ORDER BY d."id"::int, v."number" DESC`;
  return rows.map((row) => ({
    ...row,
    kind: documentKind.parse(row.kind),
    author: documentAuthor.parse(row.author),
  }));
}
