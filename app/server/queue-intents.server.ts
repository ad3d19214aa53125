import { z } from "zod";
import { changeQueued, type QueueChange } from "#app/models/queued-input.server.ts";
import { tellOthers } from "#app/server/branch-chat.server.ts";
import { QUEUE_INTENTS } from "#app/server/intents.ts";
import { parseMessageForm } from "#app/server/message-form.server.ts";

type QueueIntent = (typeof QUEUE_INTENTS)[number];

export function isQueueIntent(intent: unknown): intent is QueueIntent {
  return QUEUE_INTENTS.some((known) => known === intent);
}

type QueueAnswer =
  { redirectTo: string } | { status: number; body: { error?: string; text?: string; done?: true } };

const target = z.string().min(1).max(128);
const TAKEN = "This message is being answered already, so it stays as it is.";

/** Does what a form asks of a message that waits in one's own chat. With `stay` the page reads itself again. */
export async function answerQueueIntent(
  chat: { userId: string; chatId: string },
  intent: QueueIntent,
  form: FormData,
): Promise<QueueAnswer> {
  const named = target.safeParse(form.get("target"));
  if (!named.success) return { status: 400, body: { error: "This form names no message." } };
  const change = changeOf(intent, form);
  if ("error" in change) return { status: 400, body: change };
  const outcome = await changeQueued({ ...chat, messageId: named.data }, change);
  const typed = "text" in change ? { text: change.text } : {};
  if (outcome === "missing") return { status: 404, body: { error: "There is no such chat.", ...typed } };
  if (outcome === "taken") return { status: 409, body: { error: TAKEN, ...typed } };
  // Pages elsewhere have the message as it was sent, and look again once this record is passed.
  if (intent === "revise") await tellOthers(chat.chatId);
  return form.get("stay") === null
    ? { redirectTo: `/chats/${chat.chatId}` }
    : { status: 200, body: { done: true } };
}

function changeOf(intent: QueueIntent, form: FormData): QueueChange | { error: string; text: string } {
  if (intent === "withdraw") return { state: "withdrawn" };
  if (intent === "steer") return { state: "steer" };
  const parsed = parseMessageForm(form);
  return parsed.ok ? { text: parsed.text } : { error: parsed.error, text: parsed.text };
}
