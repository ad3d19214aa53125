import { randomUUID } from "node:crypto";
import { noteFiles } from "#app/models/attachment.server.ts";
import { readMessages, readTree } from "#app/models/branch.server.ts";
import { transaction, type Transaction } from "#app/models/db.server.ts";
import { copyDocuments } from "#app/models/document-copy.server.ts";
import type { Prisma } from "#prisma/generated/client.ts";

/**
 * Makes a chat of its own, under ids of its own, with what was said up to a message, that one included. The same
 * fork again finds it done. "missing": there is no such chat or message of this user, or the id is taken.
 */
export function forkChat(input: {
  userId: string;
  chatId: string;
  messageId: string;
  forkId: string;
}): Promise<"forked" | "missing"> {
  const { userId, chatId, messageId, forkId } = input;
  return transaction(async (tx) => {
    const source = await tx.chat.findFirst({ where: { id: chatId, userId } });
    if (!source) return "missing";
    const tree = await readTree(tx, source);
    if (!tree.has(messageId)) return "missing";
    // What the runtime noted belongs to the other conversation's run; this one's begins anew.
    const {
      id: _,
      title,
      headMessageId: _head,
      state: _state,
      createdAt: _at,
      updatedAt: _now,
      ...kept
    } = source;
    const path = await readMessages(tx, chatId, tree.path(messageId));
    const ids = path.map(() => randomUUID());
    const data = { ...kept, id: forkId, title: title && `${title} (fork)`, headMessageId: ids.at(-1) ?? "" };
    const made = await tx.chat.createMany({ data, skipDuplicates: true });
    if (made.count === 0) {
      return (await tx.chat.count({ where: { id: forkId, userId } })) === 1 ? "forked" : "missing";
    }
    await tx.chatSession.create({ data: { id: forkId } });
    await tx.message.createMany({
      data: path.map(({ final, createdAt, message }, position) => ({
        chatId: forkId,
        id: ids[position] ?? "",
        position,
        parentId: ids[position - 1] ?? "",
        message: { ...message, id: ids[position] } as unknown as Prisma.InputJsonValue,
        final,
        createdAt,
      })),
    });
    await noteFiles(tx, forkId);
    const callIds = path.flatMap(({ message }) =>
      message.parts.flatMap((part) => ("toolCallId" in part ? [part.toolCallId] : [])),
    );
    await copyNotes(tx, {
      from: chatId,
      to: forkId,
      ids: new Map(path.map(({ id }, at) => [id, ids[at] ?? ""])),
    });
    await copyDocuments(tx, { from: chatId, to: forkId, callIds });
    return "forked";
  });
}

/** What the model was told in place of the beginning, and is to mind: for the messages that were taken along. */
async function copyNotes(
  tx: Transaction,
  { from, to, ids }: { from: string; to: string; ids: ReadonlyMap<string, string> },
): Promise<void> {
  const named = { in: [...ids.keys()] };
  const summaries = await tx.summary.findMany({ where: { chatId: from, throughId: named } });
  const reviews = await tx.review.findMany({ where: { chatId: from, messageId: named } });
  await tx.summary.createMany({
    data: summaries.map((one) => ({ ...one, chatId: to, throughId: ids.get(one.throughId) ?? "" })),
  });
  await tx.review.createMany({
    data: reviews.map((one) => ({ ...one, chatId: to, messageId: ids.get(one.messageId) ?? "" })),
  });
}
