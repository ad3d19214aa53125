import { db } from "#app/models/db.server.ts";
import type { ChatSettings } from "#app/shared/chat-settings.ts";

/** What a field says is set, what is left out stays. `model`: null follows the default. */
export type ChatChange = Partial<ChatSettings & { model: string | null }>;

/** The run reads it when its next turn begins. False when the chat is missing or someone else's. */
export async function changeChat(
  { userId, chatId }: { userId: string; chatId: string },
  change: ChatChange,
): Promise<boolean> {
  const { model, systemPrompt, temperature, secondLook } = change;
  const { count } = await db().chat.updateMany({
    where: { id: chatId, userId },
    data: { model, systemPrompt, temperature, secondLook },
  });
  return count > 0;
}

/** The models that a user prefers for new chats: the one of the settings, and the one that was chosen last. */
export async function preferredModels(
  userId: string,
): Promise<{ defaultModel: string | null; lastModel: string | null }> {
  const found = await db().user.findUnique({
    where: { id: userId },
    select: { defaultModel: true, lastModel: true },
  });
  return found ?? { defaultModel: null, lastModel: null };
}

/** `defaultModel`: from the settings. `lastModel`: chosen in a chat. Null is none. */
export async function rememberModel(
  userId: string,
  models: { defaultModel?: string | null; lastModel?: string | null },
): Promise<void> {
  await db().user.updateMany({ where: { id: userId }, data: models });
}
