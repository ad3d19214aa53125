import { allAttachmentsOf, type Attachment } from "#app/models/attachment.server.ts";
import { chatArchive, chatIdsOf, type ChatArchive } from "#app/models/chat.server.ts";
import type { User } from "#app/models/user.server.ts";
import { attachmentBytes } from "#app/server/attachments.server.ts";
import { saveLostAnswer } from "#app/server/lost-saves.server.ts";
import { attachmentUrl } from "#app/shared/attachment.ts";

/** A chat as an exported file has it. */
function archivedChat({ chat, headMessageId, documents, ...archive }: ChatArchive) {
  const messages = archive.messages.map(({ createdAt, final, parentId, vote, message }) => ({
    createdAt,
    final,
    parentId,
    vote,
    ...message,
  }));
  return { ...chat, headMessageId, messages, documents };
}

/** The streams are asked of those chats alone whose last message nobody has answered, as far as is stored. */
async function wholeArchive(chat: { userId: string; chatId: string }): Promise<ChatArchive | null> {
  const archive = await chatArchive(chat);
  const last = archive?.messages.find(({ id }) => id === archive.headMessageId);
  if (last?.message.role !== "user") return archive;
  await saveLostAnswer(chat);
  return chatArchive(chat);
}

type Exported = {
  /** What comes before the chats. */
  head: Record<string, unknown>;
  chats: AsyncIterable<ChatArchive>;
  files: () => Promise<(Attachment & { createdAt: Date })[]>;
};

/** Chats and files as pieces of one JSON document; one chat or file in memory at a time. */
async function* piecesOf({ head, chats, files }: Exported): AsyncGenerator<string> {
  yield `${JSON.stringify({ exportedAt: new Date(), ...head }, null, 2).slice(0, -2)},\n  "chats": [`;
  let separator = "\n";
  for await (const archive of chats) {
    yield `${separator}${JSON.stringify(archivedChat(archive), null, 2)}`;
    separator = ",\n";
  }
  yield '\n  ],\n  "files": [';
  separator = "\n";
  for (const { id, ...file } of await files()) {
    const bytes = await attachmentBytes(id);
    if (!bytes) continue;
    const whole = { url: attachmentUrl(id), ...file, base64: bytes.toString("base64") };
    yield `${separator}${JSON.stringify(whole, null, 2)}`;
    separator = ",\n";
  }
  yield "\n  ]\n}\n";
}

async function* archivesOf(userId: string): AsyncGenerator<ChatArchive> {
  for (const chatId of await chatIdsOf(userId)) {
    const archive = await wholeArchive({ userId, chatId });
    // Null: deleted since the export began.
    if (archive) yield archive;
  }
}

/** The download of all of one's own chats. */
export function exportChats(user: User): Response {
  const name = `longrun-chats-${new Date().toISOString().slice(0, 10)}.json`;
  const head = { account: { name: user.name, email: user.email } };
  return jsonDownload(name, { head, chats: archivesOf(user.id), files: () => allAttachmentsOf(user.id) });
}

/** A file of chats that can be imported, sent as it is made. */
export function jsonDownload(name: string, exported: Exported): Response {
  const pieces = piecesOf(exported);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Disposition": `attachment; filename="${name}"`,
  };
  return new Response(body, { headers });
}
