import { readMessages, readTree } from "#app/models/branch.server.ts";
import { readWindow, type BranchWindow } from "#app/models/branch-window.server.ts";
import { openSession, type SessionHandle } from "#app/models/chat-session.server.ts";
import { db, snapshot, transaction } from "#app/models/db.server.ts";
import { summaryOnScreen } from "#app/models/summary.server.ts";
import { archiveDocuments, type ArchivedDocument } from "#app/models/document-copy.server.ts";
import type { ChatSettings } from "#app/shared/chat-settings.ts";
import { readVotes } from "#app/models/vote.server.ts";
import type { StoredMessage } from "#app/shared/chat-message.ts";
import type { Vote } from "#app/shared/vote.ts";
import type { Summary } from "#app/shared/summary.ts";

export type ChatSummary = {
  id: string;
  title: string | null;
  model: string | null;
  createdAt: Date;
  updatedAt: Date;
};

export type ChatPage = {
  chat: ChatSummary;
  /** The branch on screen, or its end. */
  messages: StoredMessage[];
  /** Older ones come before the first. */
  earlier: boolean;
  /** `back.to` of the window is among them. */
  reached: boolean;
  /** Of each message on it that has others in its place: the ids of all of them, oldest first. */
  siblings: Record<string, readonly string[]>;
  /** Something follows the last message that is not on screen: it was taken back. */
  hasMore: boolean;
  /** What the model is told in place of the beginning; null: it is told all. */
  summary: Summary | null;
  session: SessionHandle | null;
};

const summary = { id: true, title: true, model: true, createdAt: true, updatedAt: true } as const;

/**
 * Makes a chat and its session row, both or none. "exists": it is already this user's, and is left as it is.
 * "taken": the id belongs to someone else.
 */
export function createChat(input: {
  id: string;
  userId: string;
  model?: string | null | undefined;
  systemPrompt?: string | null | undefined;
  temperature?: number | null | undefined;
  secondLook?: boolean | undefined;
  title?: string | null;
}): Promise<"created" | "exists" | "taken"> {
  return transaction(async (tx) => {
    const { id, userId } = input;
    const made = await tx.chat.createMany({ data: input, skipDuplicates: true });
    if (made.count === 1) {
      await tx.chatSession.create({ data: { id } });
      return "created";
    }
    const chat = await tx.chat.findFirst({ where: { id, userId }, select: { id: true } });
    return chat ? "exists" : "taken";
  });
}

const WHOLE: BranchWindow = { limit: 1_000_000 };

/**
 * A chat with the branch on screen, or the end of it that `window` names, and its session, read at one moment; null
 * when missing or someone else's.
 */
export function chatPage(input: {
  userId: string;
  chatId: string;
  window?: BranchWindow | undefined;
}): Promise<ChatPage | null> {
  return snapshot(async (tx) => {
    const found = await tx.chat.findFirst({
      where: { id: input.chatId, userId: input.userId },
      select: { ...summary, headMessageId: true, session: true },
    });
    if (!found) return null;
    const { headMessageId, session, ...chat } = found;
    const { ids, ...places } = await readWindow(tx, { id: chat.id, headMessageId }, input.window ?? WHOLE);
    const messages = await readMessages(tx, chat.id, ids);
    const told = await summaryOnScreen(tx, { id: chat.id, headMessageId });
    return { chat, messages, ...places, summary: told, session: session && openSession(session) };
  });
}

export type ChatArchive = {
  chat: ChatSummary & ChatSettings;
  /** The last message of the branch on screen. */
  headMessageId: string | null;
  /** Every message of every branch in the order in which they came, each with the one that it follows. */
  messages: (StoredMessage & { parentId: string | null; vote: Vote | null })[];
  documents: ArchivedDocument[];
};

/** All that is stored of a chat; null when missing or someone else's. */
export function chatArchive(input: { userId: string; chatId: string }): Promise<ChatArchive | null> {
  return snapshot(async (tx) => {
    const found = await tx.chat.findFirst({
      where: { id: input.chatId, userId: input.userId },
      select: { ...summary, systemPrompt: true, temperature: true, secondLook: true, headMessageId: true },
    });
    if (!found) return null;
    const { headMessageId, ...chat } = found;
    const tree = await readTree(tx, { id: chat.id, headMessageId });
    const ids = tree.parents().map(({ id }) => id);
    const messages = await readMessages(tx, chat.id, ids, true);
    const votes = await readVotes(chat.id, tx);
    return {
      chat,
      headMessageId: tree.head,
      messages: messages.map((message) => {
        return { ...message, parentId: tree.parentOf(message.id), vote: votes[message.id] ?? null };
      }),
      documents: await archiveDocuments(tx, chat.id),
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

/** What a run must know of its chat, in one query; null when it was deleted or never made. */
export async function chatOfRun(chatId: string): Promise<ChatOfRun | null> {
  const [chat] = await db().$queryRaw<ChatOfRun[]>`
    SELECT c."userId", c."model", c."systemPrompt", c."temperature", c."secondLook", c."title", c."headMessageId",
           u."disabledAt" IS NOT NULL AS "ownerDisabled"
    FROM "Chat" c JOIN "User" u ON u."id" = c."userId" WHERE c."id" = ${chatId}`;
  return chat ?? null;
}

export type ChatOfRun = ChatSettings & {
  userId: string;
  /** An admin keeps the owner from using the application. */
  ownerDisabled: boolean;
  model: string | null;
  title: string | null;
  /** As it is stored: null and '' name no message. */
  headMessageId: string | null;
};

/** Sets the title unless there is one: a rename by the owner always wins. False when nothing was set. */
export async function setTitleIfUntitled(input: { chatId: string; title: string }): Promise<boolean> {
  const { count } = await db().chat.updateMany({
    where: { id: input.chatId, title: null },
    data: { title: input.title },
  });
  return count > 0;
}
