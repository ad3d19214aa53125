import { moveCursors, readCursors, saveSession, type Cursors } from "#app/models/chat-session.server.ts";
import { snapshot, transaction, type Transaction } from "#app/models/db.server.ts";
import { toStoredMessage } from "#app/models/message.server.ts";
import { storableJson } from "#app/models/storable.ts";
import type { StoredMessage } from "#app/shared/chat-message.ts";
import { Prisma } from "#prisma/generated/client.ts";

type Message = { id: string; role: string; parts: unknown[] };

/** One change to a transcript; every one of them may be applied twice with the same result. */
export type TranscriptChange =
  | { op: "put"; message: Message; final?: boolean }
  | { op: "remove"; id: string }
  | { op: "truncateAfter"; afterId: string }
  | { op: "state"; value: unknown };

export type TranscriptWrite = {
  chatId: string;
  changes: TranscriptChange[];
  cursors?: { lastEventId?: string | undefined; lastInEventId?: string | undefined };
  session?: { runId?: string | null; publicAccessToken?: string | null };
};

/**
 * Applies changes, cursors and session in one transaction: the cursor is never ahead of the messages, nor behind.
 * Answers false and writes nothing when the chat does not exist (any more).
 */
export function writeTranscript(write: TranscriptWrite): Promise<boolean> {
  return transaction(async (tx) => {
    if (!(await lockAndTouch(tx, write.chatId))) return false;
    for (const change of write.changes) await apply(tx, write.chatId, change);
    if (write.cursors) await moveCursors(tx, write.chatId, write.cursors);
    if (write.session) await saveSession({ chatId: write.chatId, ...write.session }, tx);
    return true;
  });
}

/** The update holds the chat's row until the end: writers of one chat take turns, and a delete waits or has won. */
async function lockAndTouch(tx: Transaction, chatId: string): Promise<boolean> {
  const { count } = await tx.chat.updateMany({ where: { id: chatId }, data: { updatedAt: new Date() } });
  return count > 0;
}

async function apply(tx: Transaction, chatId: string, change: TranscriptChange): Promise<void> {
  switch (change.op) {
    case "put":
      return put(tx, chatId, change.message, change.final ?? true);
    case "remove":
      await tx.message.deleteMany({ where: { chatId, id: change.id } });
      return;
    case "truncateAfter":
      await tx.$executeRaw`
        DELETE FROM "Message" WHERE "chatId" = ${chatId} AND "position" >
          (SELECT "position" FROM "Message" WHERE "chatId" = ${chatId} AND "id" = ${change.afterId})`;
      return;
    case "state":
      await tx.chat.update({ where: { id: chatId }, data: { state: stateValue(change.value) } });
  }
}

function stateValue(value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull {
  if (value === null || value === undefined) return Prisma.DbNull;
  return storableJson(value) as Prisma.InputJsonValue;
}

/**
 * Unknown id: appended at the end. Known id: replaced in its place. An equal message is not written again, and
 * stays partial: the runtime repeats a partial that it recovered without saying that it is one.
 */
async function put(tx: Transaction, chatId: string, message: Message, final: boolean): Promise<void> {
  const json = JSON.stringify(storableJson(message));
  await tx.$executeRaw`
    INSERT INTO "Message" ("chatId", "id", "position", "message", "final", "createdAt")
    SELECT ${chatId}, ${message.id}, COALESCE(MAX("position"), -1) + 1, ${json}::jsonb, ${final},
           timezone('utc', now())
    FROM "Message" WHERE "chatId" = ${chatId}
    ON CONFLICT ("chatId", "id") DO UPDATE SET "message" = EXCLUDED."message", "final" = EXCLUDED."final"
    WHERE "Message"."message" IS DISTINCT FROM EXCLUDED."message" OR ("Message"."final" AND NOT EXCLUDED."final")`;
}

export type Transcript = {
  messages: StoredMessage[];
  state: unknown;
  cursors: Cursors;
  /** Id of the oldest message read when older ones exist. */
  nextCursor: string | undefined;
};

/** The transcript in order, read at one moment; with `limit` its last messages, those before `before` if given. */
export function readTranscript(input: {
  chatId: string;
  limit?: number | undefined;
  before?: string | undefined;
}): Promise<Transcript> {
  return snapshot(async (tx) => {
    const chat = await tx.chat.findUnique({ where: { id: input.chatId }, select: { state: true } });
    const page = await readPage(tx, input);
    const cursors = await readCursors(input.chatId, tx);
    return { ...page, state: chat?.state ?? null, cursors };
  });
}

async function readPage(
  tx: Transaction,
  { chatId, limit, before }: { chatId: string; limit?: number | undefined; before?: string | undefined },
): Promise<Pick<Transcript, "messages" | "nextCursor">> {
  const edge =
    before === undefined
      ? null
      : await tx.message.findUnique({ where: { chatId_id: { chatId, id: before } } });
  const rows = await tx.message.findMany({
    where: { chatId, ...(edge && { position: { lt: edge.position } }) },
    orderBy: { position: "desc" },
    ...(limit !== undefined && { take: limit + 1 }),
  });
  const hasOlder = limit !== undefined && rows.length > limit;
  const messages = (hasOlder ? rows.slice(0, limit) : rows).reverse().map(toStoredMessage);
  return { messages, nextCursor: hasOlder ? messages[0]?.id : undefined };
}
