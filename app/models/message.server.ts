import { db, hurried, type Transaction } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import { parseStoredUIMessage, type StoredMessage } from "#app/shared/chat-message.ts";
import { searchWords } from "#app/shared/search.ts";

/** A search reads every message of its person; a few at once must not hold all connections. */
const SEARCH_MS = 5_000;

type Row = { id: string; position: number; final: boolean; createdAt: Date; message: unknown };

/** A row with its JSON checked. Throws when the stored JSON is no message. */
export function toStoredMessage(row: Row): StoredMessage {
  const { id, position, final, createdAt } = row;
  return { id, position, final, createdAt, message: parseStoredUIMessage(row.message) };
}

export type SearchHit = {
  chatId: string;
  title: string | null;
  messageId: string;
  role: "user" | "assistant";
  text: string;
  createdAt: Date;
};

function likePatterns(query: string): string[] {
  return searchWords(storableText(query)).map((word) => `%${word.replace(/[\\%_]/g, "\\$&")}%`);
}

/**
 * The user's messages whose text holds every word of the query, newest first. Only text parts are searched.
 * `exceptChatId` leaves out the chat that asks.
 */
export async function searchMessages(input: {
  userId: string;
  query: string;
  exceptChatId?: string | null;
  limit: number;
}): Promise<SearchHit[]> {
  const patterns = likePatterns(input.query);
  if (patterns.length === 0) return [];
  const rows = (tx: Transaction) => tx.$queryRaw<SearchHit[]>`
    SELECT c."id" AS "chatId", c."title", m."id" AS "messageId", m."message"->>'role' AS "role",
           t."text", m."createdAt"
    FROM "Chat" c
    JOIN "Message" m ON m."chatId" = c."id"
    CROSS JOIN LATERAL (
      SELECT string_agg(part->>'text', E'\n') AS "text"
      FROM jsonb_array_elements(m."message"->'parts') part WHERE part->>'type' = 'text'
    ) t
    WHERE c."userId" = ${input.userId}
      AND c."id" IS DISTINCT FROM ${input.exceptChatId ?? null}
      AND m."message"->>'role' IN ('user', 'assistant')
      AND t."text" ILIKE ALL (${patterns}::text[])
    ORDER BY m."createdAt" DESC, m."position" DESC
    LIMIT ${input.limit}`;
  return hurried(SEARCH_MS, rows);
}

/** The user's chats whose title holds every word of the query, the one with the newest message first. */
export async function searchTitles(input: {
  userId: string;
  query: string;
  limit: number;
}): Promise<{ chatId: string; title: string }[]> {
  const patterns = likePatterns(input.query);
  if (patterns.length === 0) return [];
  const rows = (tx: Transaction) => tx.$queryRaw<{ chatId: string; title: string }[]>`
    SELECT "id" AS "chatId", "title" FROM "Chat"
    WHERE "userId" = ${input.userId} AND "title" ILIKE ALL (${patterns}::text[])
    ORDER BY "updatedAt" DESC, "id" DESC
    LIMIT ${input.limit}`;
  return hurried(SEARCH_MS, rows);
}

/** Whether the chat has this message, on any of its branches. The caller has checked the owner. */
export async function hasMessage(chatId: string, messageId: string): Promise<boolean> {
  const found = await db().message.findUnique({
    where: { chatId_id: { chatId, id: messageId } },
    select: { id: true },
  });
  return found !== null;
}

/** Which of these messages the chat has stored. */
export async function storedIds(chatId: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db().message.findMany({
    where: { chatId, id: { in: [...ids] } },
    select: { id: true },
  });
  return new Set(rows.map(({ id }) => id));
}
