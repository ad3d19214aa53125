import { noteFiles } from "#app/models/attachment.server.ts";
import { lockChat, readTree } from "#app/models/branch.server.ts";
import { readCursors, type Cursors } from "#app/models/chat-session.server.ts";
import { snapshot, transaction, type Transaction } from "#app/models/db.server.ts";
import type { MessageTree } from "#app/models/message-tree.ts";
import { storableText } from "#app/models/storable.ts";

/** What the owner of a chat can do to its branches. Nothing of it deletes a message. */
export type BranchMove =
  /** Go to the branches through this message, where they were left. */
  | { type: "show"; messageId: string }
  /** A user message with other words, in the place of this one, under an id of its own. None only beside a file. */
  | { type: "edit"; messageId: string; newId: string; text: string }
  /** Another answer in the place of this one. */
  | { type: "again"; messageId: string }
  /** The last message of the person is taken back, with what came after it. */
  | { type: "undo" }
  /** What follows the last message is shown again. */
  | { type: "restore" };

/**
 * "unknown": the chat has no such message, or none to which this can be done. "changed": see `from`. "blank": the
 * edited message would hold nothing.
 */
type MoveOutcome = { answer: string | null } | "missing" | "unknown" | "changed" | "blank";

export type BranchNow = { head: string | null; cursors: Cursors };

/** Where the branch on screen ends, and the cursors that go with it; null when missing or someone else's. */
export function branchNow(input: { userId: string; chatId: string }): Promise<BranchNow | null> {
  return snapshot(async (tx) => {
    const chat = await tx.chat.findFirst({
      where: { id: input.chatId, userId: input.userId },
      select: { id: true, headMessageId: true },
    });
    if (!chat) return null;
    const { head } = await readTree(tx, chat);
    return { head, cursors: await readCursors(chat.id, tx) };
  });
}

/**
 * Moves the end of the branch on screen, if that is still `from`. `answer` is the message with which the branch then
 * ends and that is to be answered. The same edit again finds itself done.
 */
export function moveBranch(input: {
  userId: string;
  chatId: string;
  from: string | null;
  move: BranchMove;
}): Promise<MoveOutcome> {
  const { userId, chatId, from, move } = input;
  return transaction(async (tx) => {
    if (!(await tx.chat.findFirst({ where: { id: chatId, userId }, select: { id: true } }))) return "missing";
    const locked = await lockChat(tx, chatId);
    if (!locked) return "missing";
    const tree = await readTree(tx, { id: chatId, headMessageId: locked.head ?? "" });
    if (move.type === "edit" && isDone(tree, move)) {
      return { answer: tree.head === move.newId ? move.newId : null };
    }
    if (locked.head !== from) return "changed";
    if (move.type === "edit" && (await isBlank(tx, chatId, move))) return "blank";
    const target = await targetOf(tx, chatId, tree, move);
    if (target === undefined) return "unknown";
    await goTo(tx, chatId, from, target);
    return { answer: move.type === "edit" || move.type === "again" ? target : null };
  });
}

/** The edit was made before; what it asks for may have been answered since. */
function isDone(tree: MessageTree, { messageId, newId }: Extract<BranchMove, { type: "edit" }>): boolean {
  return tree.has(messageId) && tree.has(newId) && tree.parentOf(newId) === tree.parentOf(messageId);
}

async function isBlank(
  tx: Transaction,
  chatId: string,
  { messageId, text }: Extract<BranchMove, { type: "edit" }>,
): Promise<boolean> {
  if (text.trim() !== "") return false;
  return (await tx.messageFile.findFirst({ where: { chatId, messageId } })) === null;
}

/** Where the branch ends after the move; undefined when it cannot be made. */
async function targetOf(
  tx: Transaction,
  chatId: string,
  tree: MessageTree,
  move: BranchMove,
): Promise<string | null | undefined> {
  switch (move.type) {
    case "show":
      return tree.has(move.messageId) ? tree.endFrom(move.messageId) : undefined;
    case "edit":
      return editOf(tx, chatId, tree, move);
    case "again": {
      if (!tree.has(move.messageId)) return undefined;
      const before = tree.path(move.messageId).slice(0, -1);
      return (await roleOf(tx, chatId, move.messageId)) === "assistant"
        ? lastAsked(tx, chatId, before)
        : undefined;
    }
    case "undo": {
      const asked = await lastAsked(tx, chatId, tree.path());
      return asked === undefined ? undefined : tree.parentOf(asked);
    }
    case "restore": {
      const ends = tree.childrenOf(tree.head).map((id) => tree.endFrom(id));
      return ends.length > 0 ? tree.latestOf(ends) : undefined;
    }
  }
}

async function goTo(tx: Transaction, chatId: string, from: string | null, to: string | null): Promise<void> {
  if (from !== null) {
    await tx.message.update({
      where: { chatId_id: { chatId, id: from } },
      data: { leftAt: new Date() },
    });
  }
  await tx.chat.update({ where: { id: chatId }, data: { headMessageId: to ?? "" } });
}

async function roleOf(tx: Transaction, chatId: string, id: string): Promise<string | undefined> {
  const [row] = await tx.$queryRaw<{ role: string }[]>`
    SELECT "message"->>'role' AS role FROM "Message" WHERE "chatId" = ${chatId} AND "id" = ${id}`;
  return row?.role;
}

/** The last message of the person among these, which are in the order of a branch. */
async function lastAsked(tx: Transaction, chatId: string, ids: string[]): Promise<string | undefined> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "Message"
    WHERE "chatId" = ${chatId} AND "id" = ANY (${ids}::text[]) AND "message"->>'role' = 'user'`;
  const asked = new Set(rows.map((row) => row.id));
  return ids.findLast((id) => asked.has(id));
}

/** The new message has the other's place and what it held besides text. */
async function editOf(
  tx: Transaction,
  chatId: string,
  tree: MessageTree,
  { messageId, newId, text }: Extract<BranchMove, { type: "edit" }>,
): Promise<string | undefined> {
  if (!tree.has(messageId) || tree.has(newId)) return undefined;
  const words = JSON.stringify(text.trim() === "" ? [] : [{ type: "text", text: storableText(text) }]);
  const made = await tx.$executeRaw`
    INSERT INTO "Message" ("chatId", "id", "position", "parentId", "message", "final", "createdAt")
    SELECT ${chatId}, ${newId},
           (SELECT MAX("position") + 1 FROM "Message" WHERE "chatId" = ${chatId}), ${tree.parentOf(messageId) ?? ""},
           jsonb_build_object('id', ${newId}::text, 'role', 'user', 'parts', (
             SELECT COALESCE(jsonb_agg(kept) FILTER (WHERE kept->>'type' <> 'text'), '[]'::jsonb) || ${words}::jsonb
             FROM jsonb_array_elements(m."message"->'parts') kept)),
           true, timezone('utc', now())
    FROM "Message" m WHERE m."chatId" = ${chatId} AND m."id" = ${messageId} AND m."message"->>'role' = 'user'`;
  if (made === 0) return undefined;
  await noteFiles(tx, chatId, newId);
  return newId;
}
