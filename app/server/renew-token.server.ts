import { chatOwner } from "#app/models/chat.server.ts";
import { currentRun, mintToken } from "#app/server/trigger-client.server.ts";

/** A fresh token for one's own chat and the run that it has now; null when the chat is not there or not one's own. */
export async function renewToken(input: { userId: string; chatId: string }): Promise<string | null> {
  if ((await chatOwner(input.chatId)) !== input.userId) return null;
  return mintToken(input.chatId, await currentRun(input.chatId));
}
