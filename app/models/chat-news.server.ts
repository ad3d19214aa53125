import { db } from "#app/models/db.server.ts";
import type { ChatNews, ListNews } from "#app/shared/chat-news.ts";

/** A turn whose run was lost does not count as running for longer, in minutes. */
const LOST_AFTER = 15;

/** The news of the user's own chats; a chat without any is not in it. */
async function chatNews(userId: string): Promise<ChatNews> {
  const rows = await db().$queryRaw<{ id: string; news: "answering" | "done" }[]>`
    SELECT "id", 'answering' AS "news" FROM (
      SELECT "chatId" AS "id" FROM "Turn" WHERE "userId" = ${userId} AND "endedAt" IS NULL
         AND "at" > now() - make_interval(mins => ${LOST_AFTER})) "running"
    UNION ALL
    SELECT s."id", 'done' FROM "ChatSession" s JOIN "Chat" c ON c."id" = s."id"
     WHERE c."userId" = ${userId} AND s."lastEventId" IS NOT NULL
       AND s."lastEventId"::bigint > COALESCE(s."seenEventId", '0')::bigint`;
  const news: ChatNews = {};
  // A chat that was answered and is being answered again is busy first.
  for (const { id, news: what } of rows) news[id] ??= what;
  return news;
}

/** So many of the newest chats are what an open list is compared by. */
const MARKED = 60;

/** Another text when a chat was begun, written in, renamed or deleted, an answer judged or a call decided, on whatever device. */
async function markOf(userId: string): Promise<string> {
  const [row] = await db().$queryRaw<{ mark: string | null }[]>`
    SELECT md5(string_agg(concat_ws(' ', n."id", n."title", v."votes", d."decisions"), E'\n'
             ORDER BY n."updatedAt" DESC, n."id" DESC)) AS "mark"
      FROM (SELECT "id", "title", "updatedAt" FROM "Chat" WHERE "userId" = ${userId}
             ORDER BY "updatedAt" DESC, "id" DESC LIMIT ${MARKED}) n
      LEFT JOIN LATERAL (SELECT concat(count(*), ' ', max("at")) AS "votes" FROM "Vote"
             WHERE "chatId" = n."id") v ON true
      LEFT JOIN LATERAL (SELECT concat(count(*), ' ', max("at")) AS "decisions" FROM "Decision"
             WHERE "chatId" = n."id") d ON true`;
  return row?.mark ?? "";
}

/** What an open list of the user's chats has to know. */
export async function listNews(userId: string): Promise<ListNews> {
  const [news, mark] = await Promise.all([chatNews(userId), markOf(userId)]);
  return { news, mark };
}

/**
 * The owner has seen what the chat's stream held up to this record, a decimal string; never moves back. False when the
 * chat is missing or someone else's.
 */
export async function markSeen(input: { userId: string; chatId: string; eventId: string }): Promise<boolean> {
  const { userId, chatId, eventId } = input;
  const changed = await db().$executeRaw`
    UPDATE "ChatSession" s
       SET "seenEventId" = GREATEST(${eventId}::bigint, COALESCE(s."seenEventId", '0')::bigint)::text
      FROM "Chat" c WHERE c."id" = s."id" AND s."id" = ${chatId} AND c."userId" = ${userId}`;
  return changed > 0;
}
