import { namesFiles, noteFiles } from "#app/models/attachment.server.ts";
import { lockChat, readMessages, readTree, type LockedChat } from "#app/models/branch.server.ts";
import { moveCursors, readCursors, saveSession, type Cursors } from "#app/models/chat-session.server.ts";
import { snapshot, transaction, type Transaction } from "#app/models/db.server.ts";
import { storableJson } from "#app/models/storable.ts";
import type { StoredMessage } from "#app/shared/chat-message.ts";
import { Prisma } from "#prisma/generated/client.ts";

export type Message = { id: string; role: string; parts: unknown[] };

/**
 * One change to a transcript; every one of them may be applied twice with the same result. `put` appends to the
 * branch on screen, or to `parentId` (null: nothing) where that is given; a known id is replaced in its place.
 */
export type TranscriptChange =
  | { op: "put"; message: Message; final?: boolean; parentId?: string | null }
  | { op: "remove"; id: string }
  /** What comes after is not deleted: it stays as a branch. */
  | { op: "truncateAfter"; afterId: string }
  | { op: "state"; value: unknown };

export type TranscriptWrite = {
  chatId: string;
  changes: TranscriptChange[];
  /** The branch on screen ends here from now on; with `from` only if it ended there until now. */
  head?: { to: string | null; from?: string | null };
  cursors?: { lastEventId?: string | undefined; lastInEventId?: string | undefined };
  session?: { runId?: string | null; publicAccessToken?: string | null };
};

/**
 * Applies changes, cursors and session in one transaction: the cursor is never ahead of the messages, nor behind.
 * Answers false and writes nothing when the chat does not exist (any more).
 */
export function writeTranscript(write: TranscriptWrite): Promise<boolean> {
  return transaction((tx) => applyWrite(tx, write));
}

async function applyWrite(tx: Transaction, write: TranscriptWrite): Promise<boolean> {
  const locked = await lockChat(tx, write.chatId);
  if (!locked) return false;
  await applyTo(locked, tx, write);
  return true;
}

/** Applies the write in the transaction that has locked the chat. */
export async function applyTo(locked: LockedChat, tx: Transaction, write: TranscriptWrite): Promise<void> {
  const { chatId } = write;
  const branch = new BranchWriter(tx, chatId, locked.head);
  for (const change of write.changes) await apply(branch, change);
  const { head } = write;
  if (head && (head.from === undefined || head.from === locked.head)) branch.head = head.to;
  if (branch.head !== locked.head || (locked.unset && branch.head !== null)) {
    await tx.chat.update({ where: { id: chatId }, data: { headMessageId: branch.head ?? "" } });
  }
  if (write.cursors) await moveCursors(tx, chatId, write.cursors);
  if (write.session) await saveSession({ chatId, ...write.session }, tx);
}

/**
 * Puts one message, where `only` holds; gives `inserted`, and nothing when it was there as it is. `given`: its parent
 * also when it is there already.
 */
export function putSql(
  row: { chatId: string; message: Message; final: boolean; given: string | null; parentId: string },
  only: Prisma.Sql = Prisma.sql`true`,
): Prisma.Sql {
  const { chatId, message, final, given, parentId } = row;
  const json = JSON.stringify(storableJson(message));
  return Prisma.sql`
    INSERT INTO "Message" AS m ("chatId", "id", "position", "parentId", "message", "final", "createdAt")
    SELECT ${chatId}, ${message.id}, COALESCE(MAX("position"), -1) + 1, ${parentId},
           ${json}::jsonb, ${final}, timezone('utc', now())
    FROM "Message" WHERE "chatId" = ${chatId} HAVING ${only}
    ON CONFLICT ("chatId", "id") DO UPDATE SET
      "message" = EXCLUDED."message", "final" = EXCLUDED."final", "parentId" = COALESCE(${given}, m."parentId")
    WHERE m."message" IS DISTINCT FROM EXCLUDED."message" OR (m."final" AND NOT EXCLUDED."final")
      OR m."parentId" IS DISTINCT FROM COALESCE(${given}, m."parentId")
    RETURNING (xmax = 0) AS inserted`;
}

/** Applies the changes to the rows of one chat; `head` moves with what is appended. */
class BranchWriter {
  constructor(
    private readonly tx: Transaction,
    private readonly chatId: string,
    public head: string | null,
  ) {}

  /**
   * An equal message is not written again, and stays partial: the runtime repeats a partial that it recovered
   * without saying that it is one.
   */
  async put(message: Message, final: boolean, parentId: string | null | undefined): Promise<void> {
    const given = parentId === undefined ? null : (parentId ?? "");
    const row = { chatId: this.chatId, message, final, given, parentId: given ?? this.head ?? "" };
    const written = await this.tx.$queryRaw<{ inserted: boolean }[]>(putSql(row));
    if (written[0]?.inserted) this.head = message.id;
    if (written.length > 0 && namesFiles(message)) await noteFiles(this.tx, this.chatId, message.id);
  }

  /** What follows the message follows the one before it from now on. */
  async remove(id: string): Promise<void> {
    const [row] = await this.tx.$queryRaw<{ parentId: string }[]>`
      DELETE FROM "Message" WHERE "chatId" = ${this.chatId} AND "id" = ${id} RETURNING "parentId"`;
    if (!row) return;
    await this.tx.message.updateMany({
      where: { chatId: this.chatId, parentId: id },
      data: { parentId: row.parentId },
    });
    if (this.head === id) this.head = row.parentId || null;
  }

  async truncateAfter(id: string): Promise<void> {
    const tree = await readTree(this.tx, { id: this.chatId, headMessageId: this.head ?? "" });
    if (tree.path().includes(id)) this.head = id;
  }

  async setState(value: unknown): Promise<void> {
    await this.tx.chat.update({ where: { id: this.chatId }, data: { state: stateValue(value) } });
  }
}

async function apply(branch: BranchWriter, change: TranscriptChange): Promise<void> {
  switch (change.op) {
    case "put":
      return branch.put(change.message, change.final ?? true, change.parentId);
    case "remove":
      return branch.remove(change.id);
    case "truncateAfter":
      return branch.truncateAfter(change.afterId);
    case "state":
      return branch.setState(change.value);
  }
}

function stateValue(value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull {
  if (value === null || value === undefined) return Prisma.DbNull;
  return storableJson(value) as Prisma.InputJsonValue;
}

export type Transcript = {
  messages: StoredMessage[];
  /** Id of the last message of the branch; null when it is empty. */
  head: string | null;
  state: unknown;
  cursors: Cursors;
  /** Id of the oldest message read when older ones exist. */
  nextCursor: string | undefined;
};

/** The branch on screen in order, read at one moment; with `limit` its last messages, those before `before` if given. */
export function readTranscript(input: {
  chatId: string;
  limit?: number | undefined;
  before?: string | undefined;
}): Promise<Transcript> {
  const { chatId } = input;
  return snapshot(async (tx) => {
    const chat = await tx.chat.findUnique({
      where: { id: chatId },
      select: { id: true, state: true, headMessageId: true },
    });
    const cursors = await readCursors(chatId, tx);
    if (!chat) return { messages: [], head: null, state: null, cursors, nextCursor: undefined };
    const tree = await readTree(tx, chat);
    const { ids, nextCursor } = pageOf(tree.path(), input);
    const messages = await readMessages(tx, chatId, ids, ids.length === tree.size);
    return { messages, head: tree.head, state: chat.state ?? null, cursors, nextCursor };
  });
}

function pageOf(
  path: string[],
  { limit, before }: { limit?: number | undefined; before?: string | undefined },
): { ids: string[]; nextCursor: string | undefined } {
  const edge = before === undefined ? -1 : path.indexOf(before);
  const older = edge === -1 ? path : path.slice(0, edge);
  const ids = limit === undefined ? older : older.slice(Math.max(0, older.length - limit));
  return { ids, nextCursor: ids.length < older.length ? ids[0] : undefined };
}
