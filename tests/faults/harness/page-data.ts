import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";
import type { HttpUser } from "../../support/http-user.ts";

/** What the chat page's loader gives. */
export interface PageData {
  messages: LongrunUIMessage[];
  earlier: boolean;
  partialIds: string[];
  handle: ResumeHandle;
  status: ChatStatus;
  triggerUrl: string;
}

const ROUTE = "routes/chats.$chatId";

/** Reads the chat page's data the way the page does when it reads it anew, back to the chat's first message. */
export async function loadPage(user: HttpUser, chatId: string): Promise<PageData> {
  let page = await readPage(user, chatId, "");
  while (page.earlier) page = await readPage(user, chatId, `&before=${page.messages[0]?.id ?? ""}`);
  return page;
}

/** Throws when the web answers otherwise. */
async function readPage(user: HttpUser, chatId: string, more: string): Promise<PageData> {
  const response = await user.get(`/chats/${chatId}.data?_routes=${encodeURIComponent(ROUTE)}${more}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the page's data answered ${response.status}`);
  const decoded = unflatten(text) as Record<string, { data?: PageData }>;
  const data = decoded[ROUTE]?.data;
  if (!data) throw new Error(`the page's data holds no chat: ${text.slice(0, 200)}`);
  return data;
}

/** Single fetch sends one flat array; every number in it is a place in that array, the negative ones are values. */
function unflatten(text: string): unknown {
  const flat = JSON.parse(text.split("\n")[0] ?? "") as unknown[];
  const at = (place: number): unknown => {
    if (place < 0) return place === -5 ? null : undefined;
    const value = flat[place];
    if (Array.isArray(value)) return (value as number[]).map(at);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value as Record<string, number>);
    return Object.fromEntries(entries.map(([key, to]) => [String(flat[Number(key.slice(1))]), at(to)]));
  };
  return at(0);
}
