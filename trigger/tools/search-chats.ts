import { tool } from "ai";
import { searchMessages } from "#app/models/message.server.ts";
import { searchChatsInput, searchChatsOutput } from "#app/shared/chat-tools.ts";

const MAX_HITS = 8;
const EXCERPT_CHARS = 300;

/** A piece of the text around the first word of the query that occurs in it. */
function excerpt(text: string, query: string): string {
  const lower = text.toLowerCase();
  const places = query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => lower.indexOf(word));
  const place = Math.min(...places.filter((index) => index >= 0), text.length);
  const start = Math.max(0, Math.min(place - EXCERPT_CHARS / 3, text.length - EXCERPT_CHARS));
  const piece = text.slice(start, start + EXCERPT_CHARS);
  return `${start > 0 ? "…" : ""}${piece}${start + EXCERPT_CHARS < text.length ? "…" : ""}`;
}

/** Searches the owner's other chats. Whose they are comes from the run's chat, never from the model or browser. */
export function searchChats(scope: { userId: string; chatId: string }) {
  return {
    sideEffect: false,
    ...tool({
      description: "Search the person's own earlier conversations for messages that hold all given words.",
      inputSchema: searchChatsInput,
      outputSchema: searchChatsOutput,
      execute: async ({ query }) => {
        const hits = await searchMessages({
          userId: scope.userId,
          exceptChatId: scope.chatId,
          query,
          limit: MAX_HITS,
        });
        return {
          hits: hits.map(({ text, createdAt, ...hit }) => ({
            ...hit,
            excerpt: excerpt(text, query),
            createdAt: createdAt.toISOString(),
          })),
        };
      },
    }),
  };
}
