import type { BranchWindow } from "#app/models/branch-window.server.ts";
import { chatPage, type ChatPage } from "#app/models/chat.server.ts";
import { hasMessage } from "#app/models/message.server.ts";
import type { EarlierMessages } from "#app/shared/message-page.ts";

/** Messages of one page: some screens, and few enough to be quick. */
const PAGE = 40;
/** What a message that one looks for is shown with before it. */
const AROUND = 8;

/** What a page shows of a long chat: its end, and with `?before=` or `?message=` as far back as that asks for. */
export function windowOf(url: string): BranchWindow {
  const { searchParams } = new URL(url);
  const [before, message] = [searchParams.get("before"), searchParams.get("message")];
  if (before) return { limit: PAGE, back: { to: before, more: PAGE } };
  return message ? { limit: PAGE, back: { to: message, more: AROUND } } : { limit: PAGE };
}

/**
 * Where `?before=` or `?message=` leads: `landing` is a message of the chat, `landed` says that the page stands at a
 * place of its own instead of at the end. `shown`: the ids on the page.
 */
export async function landingOf(
  url: string,
  chatId: string,
  shown: readonly string[],
): Promise<{ landed: boolean; landing: string | null }> {
  const { searchParams } = new URL(url);
  const message = searchParams.get("message");
  if (message === null) return { landed: searchParams.has("before"), landing: null };
  if (shown.includes(message)) return { landed: true, landing: message };
  return { landed: false, landing: (await hasMessage(chatId, message)) ? message : null };
}

/** Answers that were cut short, but for the one that is being written. */
export function partialIdsOf({ messages }: ChatPage, openId?: string): string[] {
  const partial = messages.filter((row) => !row.final && row.message.role === "assistant");
  return partial.map(({ id }) => id).filter((id) => id !== openId);
}

/** The messages before one of them, with `to` as many as lead to that; null when the chat is not there. */
export async function earlierMessages(
  chat: { userId: string; chatId: string },
  asked: { before: string; to: string | null },
): Promise<EarlierMessages | null> {
  const back = asked.to === null ? undefined : { to: asked.to, more: 0 };
  const page = await chatPage({ ...chat, window: { limit: PAGE, before: asked.before, back } });
  if (!page) return null;
  const { earlier, reached, siblings } = page;
  const messages = page.messages.map(({ message }) => message);
  return { messages, earlier, reached, siblings, partialIds: partialIdsOf(page) };
}
