import { randomUUID } from "node:crypto";
import { transaction } from "#app/models/db.server.ts";
import { storableJson, storableText } from "#app/models/storable.ts";
import type { ImportedChat, ImportedMessage } from "#app/shared/chat-file.ts";
import type { Prisma } from "#prisma/generated/client.ts";

/** Makes a chat of the user's own of what a file says, under ids of its own, as history that is over; gives its id. */
export function importChat(
  userId: string,
  { title, headMessageId, messages }: ImportedChat,
): Promise<string> {
  return transaction(async (tx) => {
    const id = randomUUID();
    const rows = rowsOf(id, messages);
    const head = rows.find(({ was }) => was === headMessageId) ?? rows.at(-1);
    await tx.chat.create({
      data: { id, userId, title: title ? storableText(title) : null, headMessageId: head?.row.id ?? "" },
    });
    await tx.chatSession.create({ data: { id } });
    await tx.message.createMany({ data: rows.map(({ row }) => row) });
    return id;
  });
}

/**
 * A message follows one that came before it in the file, and otherwise none; without a word of it, the one before.
 * What holds nothing that is taken is left out, and what followed it follows the one before it.
 */
function rowsOf(chatId: string, messages: ImportedMessage[]) {
  const ids = new Map<string, string>();
  let last = "";
  return messages.flatMap(({ id: was, role, parts, parentId, createdAt, metadata }, position) => {
    const parent = parentId === undefined ? last : (ids.get(parentId ?? "") ?? "");
    const taken = parts.filter(({ type }) => role === "assistant" || type === "text");
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
    return [{ was, row }];
  });
}
