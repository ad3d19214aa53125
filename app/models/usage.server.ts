import { db } from "#app/models/db.server.ts";
import type { Spent } from "#app/shared/chat-settings.ts";

/** One call of a model. Tokens and cost are null where they are not known. */
export type UsageRow = {
  userId: string;
  chatId: string | null;
  /** `provider:model`. */
  model: string;
  /** What the call was for. */
  kind: "answer" | "title" | "subtask" | "compaction" | "review";
  inputTokens: number | null;
  outputTokens: number | null;
  cachedTokens: number | null;
  /** Millionths of a US dollar. */
  costMicros: number | null;
  /** The call was cut off, or its provider does not count: the tokens are guessed from the text. */
  estimated: boolean;
};

/** Keeps what a call used. A chat that was deleted meanwhile leaves the row without one, an account none at all. */
export async function recordUsage({ userId, chatId, ...call }: UsageRow): Promise<void> {
  await db().$executeRaw`
    INSERT INTO "Usage" ("id", "userId", "chatId", "model", "kind", "inputTokens", "outputTokens", "cachedTokens",
                         "costMicros", "estimated")
    SELECT ${crypto.randomUUID()}, u."id", (SELECT c."id" FROM "Chat" c WHERE c."id" = ${chatId}),
           ${call.model}, ${call.kind}, ${call.inputTokens}::int, ${call.outputTokens}::int,
           ${call.cachedTokens}::int, ${call.costMicros}::int, ${call.estimated}
    FROM "User" u WHERE u."id" = ${userId}`;
}

/** What all calls for a chat have used, its branches and side calls included. */
export async function spentOnChat(chatId: string): Promise<Spent> {
  const where = { chatId };
  const [sum, guesses] = await Promise.all([
    db().usage.aggregate({
      where,
      _count: { _all: true, costMicros: true },
      _sum: { inputTokens: true, outputTokens: true, costMicros: true },
    }),
    db().usage.count({ where: { chatId, estimated: true, costMicros: { gt: 0 } } }),
  ]);
  return {
    calls: sum._count._all,
    inputTokens: sum._sum.inputTokens ?? 0,
    outputTokens: sum._sum.outputTokens ?? 0,
    costMicros: sum._sum.costMicros ?? 0,
    unpriced: sum._count._all - sum._count.costMicros,
    estimated: guesses > 0,
  };
}

/** Tokens and cost of some calls, in millionths of a US dollar; null where one of them has no known price. */
export type Used = {
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  costMicros: number | null;
};

/** What the subtasks of the chat's turn have used so far, those that it has taken over from a lost run included. */
export async function usedBySubtasks(chatId: string): Promise<Used> {
  const [row] = await db().$queryRaw<[Used]>`
    SELECT coalesce(sum(u."inputTokens"), 0)::int AS "inputTokens",
           coalesce(sum(u."outputTokens"), 0)::int AS "outputTokens",
           coalesce(sum(u."cachedTokens"), 0)::int AS "cachedTokens",
           CASE WHEN count(*) = count(u."costMicros") THEN coalesce(sum(u."costMicros"), 0)::int END AS "costMicros"
      FROM "Usage" u
     WHERE u."chatId" = ${chatId} AND u."kind" = 'subtask'
       AND u."at" >= (SELECT timezone('utc', min(s."createdAt")) FROM "Subtask" s
                       WHERE s."chatId" = ${chatId} AND NOT s."turnEnded")`;
  return row;
}
