import { chatOwner } from "#app/models/chat.server.ts";
import { audit } from "#app/server/audit-log.server.ts";

/** Logs that someone asked for another's chat. The answer must not tell it from a missing one. */
export async function auditForeignChat(input: { userId: string; chatId: string }): Promise<void> {
  const owner = await chatOwner(input.chatId);
  if (owner !== null && owner !== input.userId) audit("denied", "chat-access", input);
}
