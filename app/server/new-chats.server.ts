import { env } from "#app/env.server.ts";
import { chatOwner } from "#app/models/chat.server.ts";
import { audit } from "#app/server/audit-log.server.ts";
import type { LimitTold } from "#app/server/limits.server.ts";
import { Throttle } from "#app/server/throttle.server.ts";

/** Chats are begun before anything is asked in them: so many for each answer of a minute. */
const FOR_EACH_ANSWER = 4;

/**
 * Before a chat is begun under this id, with a process that waits for its first message. Null: it is there already, or
 * there is room. `LIMIT_ANSWERS_PER_MINUTE` says how many.
 */
export async function newChatLimit(userId: string, chatId: string): Promise<LimitTold | null> {
  const limit = env().LIMIT_ANSWERS_PER_MINUTE * FOR_EACH_ANSWER;
  if (limit === 0 || (await chatOwner(chatId)) !== null) return null;
  const retryAfter = await new Throttle({ name: "new chats", limit, windowMs: 60_000 }).take(userId);
  if (retryAfter === 0) return null;
  audit("denied", "limit", { userId, reason: "newChats" });
  return {
    status: 429,
    error: "You have begun many chats in this minute. Try again in a moment.",
    retryAfter,
  };
}
