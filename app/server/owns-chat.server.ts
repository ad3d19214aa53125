import { chatOwner } from "#app/models/chat.server.ts";
import { currentUser } from "#app/server/auth.server.ts";

/** Whether the request's browser is signed in still, as the owner of that chat. */
export async function ownsChat(request: Request, chatId: string): Promise<boolean> {
  const user = await currentUser(request);
  return user !== null && (await chatOwner(chatId)) === user.id;
}
