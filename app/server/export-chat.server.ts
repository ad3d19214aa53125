import { getToolName, isToolUIPart } from "ai";
import { allAttachmentsOf } from "#app/models/attachment.server.ts";
import { chatArchive, type ChatArchive } from "#app/models/chat.server.ts";
import { jsonDownload } from "#app/server/export-chats.server.ts";
import { saveLostAnswer } from "#app/server/lost-saves.server.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

/** `json` has all of the chat, `json-alone` without the bytes of its files, `markdown` the branch on screen, to be read. */
type ExportedAs = "json" | "json-alone" | "markdown";

/** One's own chat as a file; null when it is not there. */
export async function exportChat(
  chat: { userId: string; chatId: string },
  as: ExportedAs,
): Promise<Response | null> {
  await saveLostAnswer(chat);
  const archive = await chatArchive(chat);
  if (!archive) return null;
  const name = `longrun-${chat.chatId.slice(0, 8)}`;
  if (as === "markdown") {
    const headers = {
      "Content-Type": "text/markdown; charset=utf-8",
      "Content-Disposition": `attachment; filename="${name}.md"`,
    };
    return new Response(`${markdownOf(archive)}\n`, { headers });
  }
  const files = async () => (as === "json" ? await allAttachmentsOf(chat.userId, chat.chatId) : []);
  return jsonDownload(`${name}.json`, { head: {}, chats: only(archive), files });
}

// The account's chats come one after the other.
// eslint-disable-next-line require-await
async function* only(archive: ChatArchive): AsyncGenerator<ChatArchive> {
  yield archive;
}

function markdownOf({ chat, headMessageId, messages }: ChatArchive): string {
  const byId = new Map(messages.map((row) => [row.id, row]));
  const path: string[] = [];
  for (let at = headMessageId ? byId.get(headMessageId) : undefined; at;) {
    path.unshift(sectionOf(at.message));
    at = at.parentId === null ? undefined : byId.get(at.parentId);
  }
  return [`# ${chat.title ?? "Untitled chat"}`, ...path].join("\n\n");
}

function sectionOf(message: LongrunUIMessage): string {
  const who = message.role === "user" ? "You" : "Longrun";
  return [`## ${who}`, ...message.parts.flatMap((part) => wordsOf(part) ?? [])].join("\n\n");
}

/** Thoughts are left out: they are no part of what was said. */
function wordsOf(part: LongrunUIMessage["parts"][number]): string | null {
  if (part.type === "text") return part.text;
  if (part.type === "file") return `*Attached: ${part.filename ?? "a file"}*`;
  if (part.type === "data-error") return `*${part.data.text}*`;
  return isToolUIPart(part) ? `*Used ${getToolName(part)}*` : null;
}
