import { namesFiles, noteFiles } from "#app/models/attachment.server.ts";
import { lockChat } from "#app/models/branch.server.ts";
import { saveSessionSql } from "#app/models/chat-session.server.ts";
import { transaction, type Transaction } from "#app/models/db.server.ts";
import { takeQueuedSql, toMark, type QueueMark } from "#app/models/queued-input.server.ts";
import { applyTo, putSql, type Message, type TranscriptWrite } from "#app/models/transcript.server.ts";
import type { StoredMessage } from "#app/shared/chat-message.ts";
import { withText } from "#app/shared/queue.ts";
import { Prisma } from "#prisma/generated/client.ts";

/** What a turn writes before it asks the model: `asked` and what goes before it that is not stored. */
export type TurnStart = {
  chatId: string;
  before: TranscriptWrite["changes"];
  asked: Message;
  /** The message that `asked` follows; null: none. */
  parentId: string | null;
  session: { runId: string; publicAccessToken: string };
};

/**
 * Writes that a turn begins with this new message, as its owner has decided meanwhile: with other words, or not at all
 * when it was withdrawn. Gives that decision; null when there was none. Writes nothing where the chat does not exist.
 */
export function writeTurnStart(start: TurnStart): Promise<{ written: boolean; mark: QueueMark | null }> {
  return transaction(async (tx) => {
    const { chatId, before, session } = start;
    const locked = await lockChat(tx, chatId);
    if (!locked) return { written: false, mark: null };
    if (before.length > 0) await applyTo(locked, tx, { chatId, changes: before });
    const mark = await storeUndecided(tx, start);
    if (!mark && namesFiles(start.asked)) await noteFiles(tx, chatId, start.asked.id);
    if (mark) await applyTo(locked, tx, { chatId, session, ...asDecided(start, mark) });
    return { written: true, mark };
  });
}

/**
 * The message, the end of the branch and the session in one statement, because the person waits. Writes none of them
 * when something was decided about the message, and gives that.
 */
async function storeUndecided(tx: Transaction, start: TurnStart): Promise<QueueMark | null> {
  const { chatId, asked: message, session } = start;
  const parentId = start.parentId ?? "";
  const undecided = Prisma.sql`NOT EXISTS (SELECT FROM "taken")`;
  const [row] = await tx.$queryRaw<{ state: string; text: string | null }[]>`
    WITH "taken" AS (${takeQueuedSql({ chatId, messageId: message.id })}),
         "put" AS (${putSql({ chatId, message, final: true, given: parentId, parentId }, undecided)}),
         "head" AS (UPDATE "Chat" SET "headMessageId" = ${message.id} WHERE "id" = ${chatId} AND ${undecided}),
         "session" AS (${saveSessionSql({ chatId, ...session }, Prisma.sql`WHERE ${undecided}`)})
    SELECT "state", "text" FROM "taken"`;
  return row ? toMark(row) : null;
}

function asDecided(
  { asked, parentId }: TurnStart,
  mark: QueueMark,
): Pick<TranscriptWrite, "changes" | "head"> {
  if (mark.state === "withdrawn") return { changes: [], head: { to: parentId } };
  const message = mark.text === null ? asked : withText(asked as StoredMessage["message"], mark.text);
  return { changes: [{ op: "put", message, parentId }], head: { to: asked.id } };
}
