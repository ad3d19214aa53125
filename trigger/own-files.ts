import { attachmentsOf } from "#app/models/attachment.server.ts";
import { chatOwner } from "#app/models/chat.server.ts";
import { env } from "#app/env.server.ts";
import { attachedIds, attachmentIdOf, tooMuch } from "#app/shared/attachment.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { retry } from "#trigger/retry.ts";

/**
 * The message with its files as they are stored: a browser may name any. Throws VisibleError when one of them is not
 * there, or is somebody else's, or when they are too much for one message.
 */
export async function withOwnFiles(chatId: string, message: LongrunUIMessage): Promise<LongrunUIMessage> {
  const ids = attachedIds(message);
  if (ids.length === 0) return message;
  const files = await ownFiles(chatId, ids);
  if (files.length < ids.length) throw new VisibleError(GONE);
  const { ATTACHMENT_FILE_MB: file, ATTACHMENT_MESSAGE_MB: most } = env();
  const refusal = tooMuch(files, { file, message: most });
  if (refusal !== null) throw new VisibleError(refusal);
  const byId = new Map(files.map((one) => [one.id, one]));
  const parts = message.parts.map((part) => {
    const own = part.type === "file" ? byId.get(attachmentIdOf(part.url) ?? "") : undefined;
    return part.type === "file" && own ? { ...part, filename: own.name, mediaType: own.mediaType } : part;
  });
  return { ...message, parts };
}

const GONE = "A file of this message is not there any more. Attach it again, and send the message again.";

async function ownFiles(chatId: string, ids: string[]) {
  try {
    const owner = await retry(() => chatOwner(chatId));
    return owner === null ? [] : await retry(() => attachmentsOf(owner, ids));
  } catch {
    throw new VisibleError("The files of this message could not be looked up. Try again in a moment.");
  }
}
