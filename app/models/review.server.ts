import { db } from "#app/models/db.server.ts";

/** What a second look at that answer found; null when nothing, or when nobody looked. */
export async function reviewOf(chatId: string, messageId: string): Promise<string | null> {
  const found = await db().review.findUnique({
    where: { chatId_messageId: { chatId, messageId } },
    select: { text: true },
  });
  return found?.text ?? null;
}

/** Keeps it unless the answer has one. A chat that was deleted meanwhile keeps none. */
export async function keepReview(
  chatId: string,
  review: { messageId: string; text: string; model: string },
): Promise<void> {
  const { messageId, text, model } = review;
  await db().$executeRaw`
    INSERT INTO "Review" ("chatId", "messageId", "text", "model")
    SELECT c."id", ${messageId}, ${text}, ${model} FROM "Chat" c WHERE c."id" = ${chatId}
    ON CONFLICT DO NOTHING`;
}
