import { importChat } from "#app/models/import.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { startChat } from "#app/server/start-chat.server.ts";
import { chatFileSchema, type ImportedChat } from "#app/shared/chat-file.ts";

/** Makes chats of the user's own of an exported file; gives their ids, or null when it is no such file. */
export async function importChats(userId: string, file: FormDataEntryValue | null): Promise<string[] | null> {
  const chats = file instanceof Blob ? readChats(await file.text()) : null;
  if (!chats) return null;
  const ids: string[] = [];
  for (const chat of chats) ids.push(await importChat(userId, chat));
  log("info", "chats-imported", { userId, count: ids.length });
  const [only, ...others] = ids;
  if (only !== undefined && others.length === 0) await open(userId, only);
  return ids;
}

function readChats(text: string): ImportedChat[] | null {
  try {
    const { chats } = chatFileSchema.parse(JSON.parse(text));
    const told = chats.filter(({ messages }) => messages.some(saysSomething));
    return told.length > 0 ? told : null;
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
