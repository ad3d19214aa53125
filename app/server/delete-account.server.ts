import { allAttachmentsOf } from "#app/models/attachment.server.ts";
import { deleteUser, LastAdminError } from "#app/models/user.server.ts";
import { dropStray } from "#app/server/attachments.server.ts";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { closeSession } from "#app/server/trigger-client.server.ts";

const AT_ONCE = 8;

/**
 * Closes the session of every chat, which ends its run and purges its streams, and then deletes the account with
 * all its rows and files; answers how many chats there were. Throws AuthFormError 503 when a session cannot be closed, 400 for the last admin; then
 * no row is deleted, and the same again goes on where this stopped.
 */
export async function deleteAccount(userId: string): Promise<number> {
  const closedChats = new Set<string>();
  for (;;) {
    // A chat that was made meanwhile is closed too before anything is deleted.
    const files = await allAttachmentsOf(userId);
    const open = await deleteUser({ userId, closedChats }).catch(explain);
    if (open.length === 0) {
      await dropStray(files.map(({ id }) => id));
      return closedChats.size;
    }
    for (let at = 0; at < open.length; at += AT_ONCE) {
      const some = open.slice(at, at + AT_ONCE);
      await closeAll(userId, some);
      for (const id of some) closedChats.add(id);
    }
  }
}

function explain(error: unknown): never {
  if (!(error instanceof LastAdminError)) throw error;
  const formError = "You are the only admin. Make another account an admin first, so that somebody remains.";
  throw new AuthFormError(400, { formError });
}

async function closeAll(userId: string, chatIds: string[]): Promise<void> {
  try {
    await Promise.all(chatIds.map((chatId) => closeSession(chatId, "deleted")));
  } catch (error) {
    log("error", "account-deletion-failed", { userId, ...describeError(error) });
    const formError =
      "The account was not deleted: the service that answers cannot be reached. Try again in a moment.";
    throw new AuthFormError(503, { formError });
  }
}
