import { z } from "zod";
import { attachmentIdsOfChat } from "#app/models/attachment.server.ts";
import { chatOwner, deleteChat, renameChat } from "#app/models/chat.server.ts";
import { storableText } from "#app/models/storable.ts";
import { dropStray } from "#app/server/attachments.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { closeSession } from "#app/server/trigger-client.server.ts";

const titleSchema = z
  .string()
  .transform((value) => storableText(value).replace(/\s+/g, " ").trim())
  .pipe(z.string().min(1, "Enter a title.").max(200, "Use at most 200 characters."));

/** "missing" also stands for someone else's chat; otherwise what is wrong with the title. */
export async function rename(
  input: { userId: string; chatId: string },
  title: unknown,
): Promise<"renamed" | "missing" | { error: string }> {
  const parsed = titleSchema.safeParse(title);
  if (!parsed.success) return { error: parsed.error.issues[0]?.message ?? "Enter a title." };
  return (await renameChat({ ...input, title: parsed.data })) ? "renamed" : "missing";
}

/**
 * Closes the chat's session, which ends its run and purges its streams, then deletes its rows and the files that no
 * other chat refers to.
 * False when it is missing or someone else's. Throws TriggerError, and then nothing is deleted.
 */
export async function remove(input: { userId: string; chatId: string }): Promise<boolean> {
  if ((await chatOwner(input.chatId)) !== input.userId) return false;
  try {
    await closeSession(input.chatId, "deleted");
  } catch (error) {
    log("error", "delete-failed", { chatId: input.chatId, ...describeError(error) });
    throw error;
  }
  const files = await attachmentIdsOfChat(input.chatId);
  if (!(await deleteChat(input))) return false;
  await dropStray(files);
  return true;
}
