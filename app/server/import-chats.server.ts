import { importChat } from "#app/models/import.server.ts";
import { dropStray } from "#app/server/attachments.server.ts";
import { ImportedFiles } from "#app/server/import-files.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { startChat } from "#app/server/start-chat.server.ts";
import { chatFileSchema, type ImportedChat, type ImportedFile } from "#app/shared/chat-file.ts";
import type { FilesMissed } from "#app/shared/files-missed.ts";

/** The ids of the chats that were made, and which of their files were not taken. */
export type Imported = { ids: string[]; missed: FilesMissed };

/** Makes chats of the user's own of an exported file; null when it is no such file. */
export async function importChats(userId: string, file: FormDataEntryValue | null): Promise<Imported | null> {
  const given = file instanceof Blob ? readChats(await file.text()) : null;
  if (!given) return null;
  const files = new ImportedFiles(userId, given.files);
  const ids: string[] = [];
  try {
    for (const chat of given.chats) ids.push(await importChat(userId, chat, await files.store(chat)));
  } finally {
    // Of a chat that failed nothing refers to its files.
    await dropStray(files.ids());
  }
  log("info", "chats-imported", { userId, count: ids.length });
  const [only, ...others] = ids;
  if (only !== undefined && others.length === 0) await open(userId, only);
  return { ids, missed: files.missed() };
}

function readChats(text: string): { chats: ImportedChat[]; files: ImportedFile[] } | null {
  try {
    const { chats, files } = chatFileSchema.parse(JSON.parse(text));
    const told = chats.filter(({ messages }) => messages.some(saysSomething));
    return told.length > 0 ? { chats: told, files } : null;
  } catch {
    // No JSON, of another shape, or nested so deeply that nothing can be made of it.
    return null;
  }
}

const saysSomething = ({ parts }: ImportedChat["messages"][number]): boolean =>
  parts.some(({ type }) => type !== "step-start");

async function open(userId: string, chatId: string): Promise<void> {
  try {
    await startChat({ userId, chatId });
  } catch (error) {
    // The first message that is sent there makes up for it.
    log("warn", "import-not-started", { chatId, ...describeError(error) });
  }
}
