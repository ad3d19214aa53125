import { randomUUID } from "node:crypto";
import { noteFiles } from "#app/models/attachment.server.ts";
import { transaction, type Transaction } from "#app/models/db.server.ts";
import { digestOf } from "#app/models/document.server.ts";
import { storableJson, storableText } from "#app/models/storable.ts";
import { attachmentUrl, type AttachedFile } from "#app/shared/attachment.ts";
import type { ImportedChat, ImportedDocument, ImportedMessage } from "#app/shared/chat-file.ts";
import type { Prisma } from "#prisma/generated/client.ts";

type Part = ImportedMessage["parts"][number];

/** The user's own file that stands for one that a part names; null: there is none. */
export type FileOfPart = (part: Extract<Part, { type: "file" }>) => AttachedFile | null;

/** Makes a chat of the user's own of what a file says, under ids of its own, as history that is over; gives its id. */
export function importChat(
  userId: string,
  { title, headMessageId, messages, documents }: ImportedChat,
  fileOf: FileOfPart,
): Promise<string> {
  return transaction(async (tx) => {
    const id = randomUUID();
    const rows = rowsOf(id, messages, fileOf);
    const head = rows.find(({ was }) => was === headMessageId) ?? rows.at(-1);
    await tx.chat.create({
      data: { id, userId, title: title ? storableText(title) : null, headMessageId: head?.row.id ?? "" },
    });
    await tx.chatSession.create({ data: { id } });
    await tx.message.createMany({ data: rows.map(({ row }) => row) });
    await noteFiles(tx, id);
    await tx.vote.createMany({
      data: rows.flatMap(({ row, vote }) => (vote ? [{ chatId: id, messageId: row.id, value: vote }] : [])),
    });
    await importDocuments(tx, id, documents, messages);
    return id;
  });
}

/**
 * A message follows one that came before it in the file, and otherwise none; without a word of it, the one before.
 * What holds nothing that is taken is left out, and what followed it follows the one before it.
 */
function rowsOf(chatId: string, messages: ImportedMessage[], fileOf: FileOfPart) {
  const ids = new Map<string, string>();
  let last = "";
  return messages.flatMap(({ id: was, role, parts, parentId, vote, createdAt, metadata }, position) => {
    const parent = parentId === undefined ? last : (ids.get(parentId ?? "") ?? "");
    const taken = parts
      .filter(({ type }) => role === "assistant" || type === "text" || type === "file")
      .map((part) => placed(part, fileOf));
    const isEmpty = taken.every(({ type }) => type === "step-start");
    const id = isEmpty ? parent : randomUUID();
    ids.set(was, id);
    last = id;
    if (isEmpty) return [];
    // What a file lays in the person's mouth they have not written.
    const noted = role === "user" ? { imported: true } : metadata;
    const message = storableJson({ id, role, parts: taken, ...(noted ? { metadata: noted } : {}) });
    const row = {
      chatId,
      id,
      position,
      parentId: parent,
      message: message as Prisma.InputJsonObject,
      final: true,
      ...(createdAt ? { createdAt: new Date(createdAt) } : {}),
    };
    return [{ was, row, vote: role === "assistant" ? vote : null }];
  });
}

/** Of a file that is not there its name is what is left. */
function placed(part: Part, fileOf: FileOfPart) {
  if (part.type !== "file" || !("filename" in part)) return part;
  const file = fileOf(part);
  if (!file) return { type: "text" as const, text: `[Attached: ${part.filename}]` };
  const { id, name, mediaType } = file;
  return { type: "file" as const, mediaType, filename: name, url: attachmentUrl(id) };
}

/** Their ids and numbers stay, as messages name them. A version belongs to the call that says that it made it. */
async function importDocuments(
  tx: Transaction,
  chatId: string,
  documents: readonly ImportedDocument[],
  messages: readonly ImportedMessage[],
): Promise<void> {
  const makers = makersOf(messages);
  const dated = (createdAt: string | undefined) => (createdAt ? { createdAt: new Date(createdAt) } : {});
  await tx.document.createMany({
    data: documents.map(({ id, kind, language, createdAt }) => ({
      chatId,
      id,
      kind,
      language: language && storableText(language),
      ...dated(createdAt),
    })),
  });
  await tx.documentVersion.createMany({
    data: documents.flatMap(({ id, versions }) =>
      versions.map(({ number, title, text, author, createdAt }) => ({
        chatId,
        documentId: id,
        number,
        author,
        title: storableText(title),
        text: storableText(text),
        callId: (author === "model" && makers.get(`${id} ${number}`)) || randomUUID(),
        digest: digestOf({ given: { documentId: id, number } }),
        ...dated(createdAt),
      })),
    ),
  });
}

/** The ids of the calls that wrote versions, by document and number. */
function makersOf(messages: readonly ImportedMessage[]): Map<string, string> {
  const makers = messages.flatMap(({ role, parts }) =>
    parts.flatMap((part): [string, string][] => {
      const writes = part.type === "tool-writeDocument" || part.type === "tool-editDocument";
      if (role !== "assistant" || !writes || !("output" in part)) return [];
      const { documentId, version } = part.output as { documentId: string; version: number };
      return [[`${documentId} ${version}`, storableText(part.toolCallId)]];
    }),
  );
  return new Map(makers);
}
