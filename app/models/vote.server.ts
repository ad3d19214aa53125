import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import { voteSchema, type Vote, type Votes } from "#app/shared/vote.ts";

/** What was thought of a chat's answers, by their ids. The caller has checked the owner. */
export async function readVotes(chatId: string, tx: Transaction = db()): Promise<Votes> {
  const rows = await tx.vote.findMany({ where: { chatId } });
  return Object.fromEntries(rows.map(({ messageId, value }) => [messageId, voteSchema.parse(value)]));
}

/** Keeps what the owner thinks of an answer; null takes it back. False: there is no such answer in a chat of theirs. */
export function setVote(input: {
  userId: string;
  chatId: string;
  messageId: string;
  vote: Vote | null;
}): Promise<boolean> {
  const { userId, chatId, messageId, vote } = input;
  return transaction(async (tx) => {
    const answer = await tx.message.findFirst({
      where: { chatId, id: messageId, chat: { userId }, message: { path: ["role"], equals: "assistant" } },
      select: { id: true },
    });
    if (!answer) return false;
    const key = { chatId, messageId };
    if (vote === null) await tx.vote.deleteMany({ where: key });
    else {
      await tx.vote.upsert({
        where: { chatId_messageId: key },
        create: { ...key, value: vote },
        update: { value: vote, at: new Date() },
      });
    }
    return true;
  });
}
