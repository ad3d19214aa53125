import { z } from "zod";
import type { BranchMove } from "#app/models/branch-moves.server.ts";
import { changeBranch, fork } from "#app/server/branch-chat.server.ts";
import { BRANCH_INTENTS } from "#app/server/intents.ts";
import { limitOf } from "#app/server/limits.server.ts";
import { parseMessageForm } from "#app/server/message-form.server.ts";
import { resultAddress } from "#app/shared/search.ts";

type BranchIntent = (typeof BRANCH_INTENTS)[number];

export function isBranchIntent(intent: unknown): intent is BranchIntent {
  return BRANCH_INTENTS.some((known) => known === intent);
}

/** Where the browser goes next, or what it is told; the text of an edit comes back with its error. */
export type BranchAnswer =
  | { redirectTo: string }
  | {
      status: number;
      body: { error?: string; text?: string; done?: true };
      /** Seconds. */
      retryAfter?: number;
    };

const target = z.string().min(1).max(128);
const UNREADABLE = "This form asks for nothing that can be done here.";

/** Does what a form asks of the branches of one's own chat. With `stay` the page reads itself again. */
export async function answerBranchIntent(
  chat: { userId: string; chatId: string },
  intent: BranchIntent,
  form: FormData,
): Promise<BranchAnswer> {
  if (intent === "fork") return forkInto(chat, form);
  const move = moveOf(intent, form);
  if ("error" in move) return { status: 400, body: move };
  const full = move.type === "edit" || move.type === "again" ? await limitOf(chat.userId) : null;
  if (full)
    return { ...refusal(full, move.type === "edit" ? move.text : undefined), retryAfter: full.retryAfter };
  const told = await changeBranch(chat, move);
  if ("error" in told) return refusal(told, move.type === "edit" ? move.text : undefined);
  return form.get("stay") === null
    ? { redirectTo: addressAfter(chat.chatId, move, form) }
    : { status: 200, body: { done: true } };
}

/** With `land` the page opens at the message that is shown now. */
function addressAfter(chatId: string, move: BranchMove, form: FormData): string {
  const messageId = move.type === "show" && form.get("land") !== null ? move.messageId : null;
  return resultAddress({ chatId, messageId });
}

function refusal(told: { status: number; error: string }, text?: string) {
  return { status: told.status, body: { error: told.error, ...(text === undefined ? {} : { text }) } };
}

function moveOf(
  intent: Exclude<BranchIntent, "fork">,
  form: FormData,
): BranchMove | { error: string; text?: string } {
  if (intent === "undo" || intent === "restore") return { type: intent };
  const named = target.safeParse(form.get("target"));
  if (!named.success) return { error: UNREADABLE };
  if (intent !== "edit") return { type: intent, messageId: named.data };
  // What the message holds besides its text stays; whether that is anything is known where it is looked up.
  const message = parseMessageForm(form, true);
  if (!message.ok) return { error: message.error, text: message.text };
  return { type: "edit", messageId: named.data, newId: message.messageId, text: message.text };
}

async function forkInto(chat: { userId: string; chatId: string }, form: FormData): Promise<BranchAnswer> {
  const named = target.safeParse(form.get("target"));
  const forkId = z.uuid().safeParse(form.get("forkId"));
  if (!named.success) return { status: 400, body: { error: UNREADABLE } };
  const id = forkId.data ?? crypto.randomUUID();
  const told = await fork(chat, named.data, id);
  return "error" in told ? refusal(told) : { redirectTo: `/chats/${id}` };
}
