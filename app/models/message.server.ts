import { db } from "#app/models/db.server.ts";
import { storableText } from "#app/models/storable.ts";
import { parseStoredUIMessage, type StoredMessage } from "#app/shared/chat-message.ts";

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

const MAX_WORDS = 8;

function likePatterns(query: string): string[] {
  const words = storableText(query).trim().split(/\s+/).filter(Boolean).slice(0, MAX_WORDS);
  return words.map((word) => `%${word.replace(/[\\%_]/g, "\\$&")}%`);
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
  return db().$queryRaw<SearchHit[]>`
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
}
