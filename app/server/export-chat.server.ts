import { getToolName, isToolUIPart } from "ai";
import { chatArchive, type ChatArchive } from "#app/models/chat.server.ts";
import { archivedChat } from "#app/server/export-chats.server.ts";
import { saveLostAnswer } from "#app/server/lost-saves.server.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

/** One's own chat as a file: all of it as JSON, or the branch on screen to read; null when it is not there. */
export async function exportChat(
  chat: { userId: string; chatId: string },
  as: "json" | "markdown",
): Promise<Response | null> {
  await saveLostAnswer(chat);
  const archive = await chatArchive(chat);
  if (!archive) return null;
  const markdown = as === "markdown";
  const body = markdown
    ? markdownOf(archive)
    : JSON.stringify({ exportedAt: new Date(), chats: [archivedChat(archive)] }, null, 2);
  const name = `longrun-${chat.chatId.slice(0, 8)}.${markdown ? "md" : "json"}`;
  return new Response(`${body}\n`, {
    headers: {
      "Content-Type": `${markdown ? "text/markdown" : "application/json"}; charset=utf-8`,
      "Content-Disposition": `attachment; filename="${name}"`,
    },
  });
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
