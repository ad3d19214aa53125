import { openSession, type SessionHandle } from "#app/models/chat-session.server.ts";
import { db, snapshot, transaction } from "#app/models/db.server.ts";
import { toStoredMessage } from "#app/models/message.server.ts";
import type { StoredMessage } from "#app/shared/chat-message.ts";

export type ChatSummary = {
  id: string;
  title: string | null;
  model: string | null;
  createdAt: Date;
  updatedAt: Date;
};

export type ChatPage = { chat: ChatSummary; messages: StoredMessage[]; session: SessionHandle | null };

const summary = { id: true, title: true, model: true, createdAt: true, updatedAt: true } as const;

/**
 * Makes a chat and its session row, both or none. "exists": it is already this user's, and is left as it is.
 * "taken": the id belongs to someone else.
 */
export function createChat(input: {
  id: string;
  userId: string;
  model?: string | null;
  title?: string | null;
}): Promise<"created" | "exists" | "taken"> {
  return transaction(async (tx) => {
    const { id, userId, model, title } = input;
    const made = await tx.chat.createMany({ data: { id, userId, model, title }, skipDuplicates: true });
    if (made.count === 1) {
      await tx.chatSession.create({ data: { id } });
      return "created";
    }
    const chat = await tx.chat.findFirst({ where: { id, userId }, select: { id: true } });
    return chat ? "exists" : "taken";
  });
}

/** A chat with its whole history and session, read at one moment; null when missing or someone else's. */
export function chatPage(input: { userId: string; chatId: string }): Promise<ChatPage | null> {
  return snapshot(async (tx) => {
    const found = await tx.chat.findFirst({
      where: { id: input.chatId, userId: input.userId },
      select: { ...summary, session: true, messages: { orderBy: { position: "asc" } } },
    });
    if (!found) return null;
    const { messages, session, ...chat } = found;
    return {
      chat,
      messages: messages.map(toStoredMessage),
      session: session && openSession(session),
    };
  });
}

/** The user's chats, the one with the newest message first. `before` is the last row of the page before. */
export function listChats(input: {
  userId: string;
  limit: number;
  before?: { updatedAt: Date; id: string } | null;
}): Promise<ChatSummary[]> {
  const { userId, limit, before } = input;
  const older = before && {
    OR: [{ updatedAt: { lt: before.updatedAt } }, { updatedAt: before.updatedAt, id: { lt: before.id } }],
  };
  return db().chat.findMany({
    where: { userId, ...older },
    orderBy: [{ updatedAt: "desc" }, { id: "desc" }],
    take: limit,
    select: summary,
  });
}

/** The ids of all of the user's chats, oldest first. */
export async function chatIdsOf(userId: string): Promise<string[]> {
  const chats = await db().chat.findMany({
    where: { userId },
    orderBy: { createdAt: "asc" },
    select: { id: true },
  });
  return chats.map(({ id }) => id);
}

/** False when the chat is missing or someone else's. */
export async function renameChat(input: { userId: string; chatId: string; title: string }): Promise<boolean> {
  const { count } = await db().chat.updateMany({
    where: { id: input.chatId, userId: input.userId },
    data: { title: input.title },
  });
  return count > 0;
}

/** Deletes the chat with its messages and session row. False when it is missing or someone else's. */
export async function deleteChat(input: { userId: string; chatId: string }): Promise<boolean> {
  const { count } = await db().chat.deleteMany({ where: { id: input.chatId, userId: input.userId } });
  return count > 0;
}

/** The owner's id, or null when there is no such chat. */
export async function chatOwner(chatId: string): Promise<string | null> {
  const chat = await db().chat.findUnique({ where: { id: chatId }, select: { userId: true } });
  return chat?.userId ?? null;
}

/** What a run must know of its chat; null when it was deleted or never made. */
export function chatOfRun(
  chatId: string,
): Promise<{ userId: string; model: string | null; title: string | null } | null> {
  return db().chat.findUnique({
    where: { id: chatId },
    select: { userId: true, model: true, title: true },
  });
}

/** Sets the title unless there is one: a rename by the owner always wins. False when nothing was set. */
export async function setTitleIfUntitled(input: { chatId: string; title: string }): Promise<boolean> {
  const { count } = await db().chat.updateMany({
    where: { id: input.chatId, title: null },
    data: { title: input.title },
  });
  return count > 0;
}
