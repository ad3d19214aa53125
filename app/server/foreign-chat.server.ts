import { chatOwner } from "#app/models/chat.server.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { requireUserJson } from "#app/server/auth.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";

/** Logs that someone asked for another's chat. The answer must not tell it from a missing one. */
export async function auditForeignChat(input: { userId: string; chatId: string }): Promise<void> {
  const owner = await chatOwner(input.chatId);
  if (owner !== null && owner !== input.userId) audit("denied", "chat-access", input);
}

/** The chat of an address, for its owner. Throws the JSON answer for anybody else: 401 signed out, else 404. */
export async function requireOwnChatJson(
  request: Request,
  chatId: string | undefined,
): Promise<{ userId: string; chatId: string }> {
  const { id: userId } = await requireUserJson(request);
  if (isChatId(chatId)) {
    if ((await chatOwner(chatId)) === userId) return { userId, chatId };
    await auditForeignChat({ userId, chatId });
  }
  throw Response.json({ error: "There is no such chat." }, { status: 404 });
}
