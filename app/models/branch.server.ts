import { snapshot, type Transaction } from "#app/models/db.server.ts";
import { toStoredMessage } from "#app/models/message.server.ts";
import { MessageTree, type Place } from "#app/models/message-tree.ts";
import type { StoredMessage } from "#app/shared/chat-message.ts";

const place = { id: true, position: true, parentId: true, leftAt: true } as const;

/** The tree of a chat's messages, without their contents. */
export async function readTree(
  tx: Transaction,
  chat: { id: string; headMessageId: string | null },
): Promise<MessageTree> {
  const rows: Place[] = await tx.message.findMany({
    where: { chatId: chat.id },
    orderBy: { position: "asc" },
    select: place,
  });
  return new MessageTree(rows, chat.headMessageId);
}

/** The messages with these ids, in their order. */
export async function readMessages(
  tx: Transaction,
  chatId: string,
  ids: readonly string[],
  all = false,
): Promise<StoredMessage[]> {
  const rows = await tx.message.findMany({ where: { chatId, ...(all ? {} : { id: { in: [...ids] } }) } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []).map(toStoredMessage);
}

export type Branch = {
  messages: StoredMessage[];
  /** Id of the last message; null when the branch is empty. */
  head: string | null;
};

/** The branch on screen, read at one moment; null when the chat does not exist. */
export function readBranch(chatId: string): Promise<Branch | null> {
  return snapshot(async (tx) => {
    const chat = await tx.chat.findUnique({
      where: { id: chatId },
      select: { id: true, headMessageId: true },
    });
    if (!chat) return null;
    const tree = await readTree(tx, chat);
    const path = tree.path();
    return { messages: await readMessages(tx, chatId, path, path.length === tree.size), head: tree.head };
  });
}

/**
 * Writes down what rows without a parent mean, so that rows that are added after them have a place. Call it with the
 * chat's row locked. Gives the end of the branch on screen.
 */
async function settleTree(
  tx: Transaction,
  chat: { id: string; headMessageId: string | null },
): Promise<string | null> {
  const tree = await readTree(tx, chat);
  const rows = tree.parents();
  await tx.$executeRaw`
    UPDATE "Message" m SET "parentId" = given."parentId"
    FROM unnest(${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.parentId)}::text[])
      AS given("id", "parentId")
    WHERE m."chatId" = ${chat.id} AND m."id" = given."id" AND m."parentId" IS DISTINCT FROM given."parentId"`;
  return tree.head;
}

export type LockedChat = {
  /** Id of the last message on screen; null when there is none. */
  head: string | null;
  /** The row does not name it yet. */
  unset: boolean;
};

/**
 * Locks the chat's row until the end of the transaction, and marks it as written now: writers of one chat take turns,
 * and a delete waits or has won (null). From then on every message of it has a parent.
 */
export async function lockChat(tx: Transaction, chatId: string): Promise<LockedChat | null> {
  const [row] = await tx.$queryRaw<{ headMessageId: string | null; loose: boolean }[]>`
    UPDATE "Chat" c SET "updatedAt" = timezone('utc', now()) WHERE "id" = ${chatId}
    RETURNING "headMessageId",
      EXISTS (SELECT 1 FROM "Message" m WHERE m."chatId" = c."id" AND m."parentId" IS NULL) AS loose`;
  if (!row) return null;
  const { headMessageId } = row;
  if (!row.loose) return { head: headMessageId || null, unset: headMessageId === null };
  const head = await settleTree(tx, { id: chatId, headMessageId });
  return { head, unset: head !== headMessageId };
}
