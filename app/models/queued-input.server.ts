import { lockChat } from "#app/models/branch.server.ts";
import { db, transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import { Prisma } from "#prisma/generated/client.ts";
import { parseQueueState, type QueueState } from "#app/shared/queue.ts";

/** What the owner of a chat decides about a message that waits. */
export type QueueChange = { state: "withdrawn" | "steer" } | { text: string };

/** "taken": the run has begun to answer it, or it was withdrawn before. */
export type QueueOutcome = "changed" | "taken" | "missing";

export type QueueMark = { state: QueueState; text: string | null };

type Input = { chatId: string; messageId: string };

/**
 * Decides about a message that no turn has taken yet. The run takes a message under the same lock, so that one of the
 * two is first, and the other one is told. The same change again finds itself done.
 */
export function changeQueued(input: Input & { userId: string }, change: QueueChange): Promise<QueueOutcome> {
  const { chatId, messageId, userId } = input;
  const state = "state" in change ? change.state : null;
  const text = "text" in change ? storableText(change.text) : null;
  return transaction(async (tx) => {
    if (!(await tx.chat.findFirst({ where: { id: chatId, userId }, select: { id: true } }))) return "missing";
    if (!(await lockChat(tx, chatId))) return "missing";
    if (await tx.message.findFirst({ where: { chatId, id: messageId }, select: { id: true } }))
      return "taken";
    const changed = await tx.$executeRaw`
      INSERT INTO "QueuedInput" AS q ("chatId", "messageId", "state", "text")
      VALUES (${chatId}, ${messageId}, COALESCE(${state}, 'waiting'), ${text})
      ON CONFLICT ("chatId", "messageId") DO UPDATE
        SET "state" = COALESCE(${state}, q."state"), "text" = COALESCE(${text}, q."text")
      WHERE q."state" IN ('waiting', 'steer') OR q."state" = ${state}`;
    return changed > 0 ? "changed" : "taken";
  });
}

/** Takes the message for its turn, as a part of a statement; gives `state` and `text` where something was decided. */
export function takeQueuedSql({ chatId, messageId }: Input): Prisma.Sql {
  return Prisma.sql`
    UPDATE "QueuedInput" SET "state" = CASE "state" WHEN 'withdrawn' THEN 'withdrawn' ELSE 'taken' END
    WHERE "chatId" = ${chatId} AND "messageId" = ${messageId} RETURNING "state", "text"`;
}

/** Takes those of the messages that are to steer the answer that runs, each once. */
export async function takeSteering(
  chatId: string,
  messageIds: readonly string[],
): Promise<{ messageId: string; text: string | null }[]> {
  if (messageIds.length === 0) return [];
  return await db().$queryRaw<{ messageId: string; text: string | null }[]>`
    UPDATE "QueuedInput" SET "state" = 'taken'
    WHERE "chatId" = ${chatId} AND "messageId" = ANY (${[...messageIds]}::text[]) AND "state" = 'steer'
    RETURNING "messageId", "text"`;
}

/** What was decided about these messages, by their ids. */
export async function queueMarks(
  chatId: string,
  messageIds: readonly string[],
): Promise<Map<string, QueueMark>> {
  if (messageIds.length === 0) return new Map();
  const rows = await db().queuedInput.findMany({ where: { chatId, messageId: { in: [...messageIds] } } });
  return new Map(rows.map((row) => [row.messageId, toMark(row)]));
}

export const toMark = ({ state, text }: { state: string; text: string | null }): QueueMark => ({
  state: parseQueueState(state),
  text,
});
