import { parseEarlierMessages, type EarlierMessages, type MessagePage } from "#app/shared/message-page.ts";

/** The messages before one of them; with `to` as many as lead to that one. Throws when they cannot be had. */
export async function readEarlier(
  chatId: string,
  asked: { before: string; to?: string },
): Promise<EarlierMessages> {
  const response = await fetch(`/chats/${chatId}/messages?${new URLSearchParams(asked).toString()}`);
  if (!response.ok) throw new Error(`The earlier messages answered ${response.status}.`);
  return parseEarlierMessages(await response.json());
}

/** What the open page shows; there is one. */
let shown: { chatId: string; ids: readonly string[] } | null = null;

export function noteShown(chatId: string, ids: readonly string[]): void {
  shown = { chatId, ids };
}

/**
 * What the server gives is the end of a branch. Where it does not reach back to what the page shows already, what lies
 * between is read too, so that a reader who is further up loses nothing.
 */
export async function reachShown<Page extends MessagePage & { chatId: string }>(page: Page): Promise<Page> {
  const [first, oldest] = [page.messages[0]?.id, shown?.ids[0]];
  const isOther = shown?.chatId !== page.chatId || first === undefined || oldest === undefined;
  if (isOther || !page.earlier || shown?.ids.includes(first)) return page;
  if (page.messages.some(({ id }) => id === oldest)) return page;
  const between = await readEarlier(page.chatId, { before: first, to: oldest }).catch(() => null);
  if (!between?.reached) return page;
  return {
    ...page,
    earlier: between.earlier,
    messages: [...between.messages, ...page.messages],
    partialIds: [...between.partialIds, ...page.partialIds],
    siblings: { ...between.siblings, ...page.siblings },
  };
}
