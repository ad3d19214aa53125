import { tookTooLong } from "#app/models/db.server.ts";
import { searchMessages, searchTitles } from "#app/models/message.server.ts";
import { excerptOf, searchWords, type SearchResult } from "#app/shared/search.ts";

const TITLES = 6;
const MESSAGES = 24;
/** Enough to find anything, and too little to be a burden. */
const LONGEST = 200;

/** `problem`: why nothing was looked for, or not to the end. */
export type Found = { query: string; results: SearchResult[] | null; problem?: string };

const TOO_LONG = "This search took too long. Look for a longer or a rarer word.";

/** What to tell of a search that was given up; throws every other error on. */
export function givenUp(error: unknown): string {
  if (tookTooLong(error)) return TOO_LONG;
  throw error;
}

/** Searches one's own chats, all branches of them: titles first, then messages, newest first. */
export async function searchChats(userId: string, asked: string): Promise<Found> {
  const query = asked.trim().slice(0, LONGEST);
  const words = searchWords(query);
  if (words.length === 0) return { query, results: [] };
  const [titles, messages] = await Promise.all([
    searchTitles({ userId, query, limit: TITLES }),
    searchMessages({ userId, query, limit: MESSAGES }),
  ]);
  return {
    query,
    results: [
      ...titles.map(({ chatId, title }) => ({ chatId, title, messageId: null, role: null, excerpt: null })),
      ...messages.map(({ chatId, title, messageId, role, text }) => ({
        chatId,
        title,
        messageId,
        role,
        excerpt: excerptOf(text, words),
      })),
    ],
  };
}
