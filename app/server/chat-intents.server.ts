import { tellOthers } from "#app/server/branch-chat.server.ts";
import { answerBranchIntent, isBranchIntent } from "#app/server/branch-intents.server.ts";
import { pickModel, setWords } from "#app/server/chat-settings.server.ts";
import { decideCall } from "#app/server/decide-call.server.ts";
import { intentOf } from "#app/server/intents.ts";
import { limitOf } from "#app/server/limits.server.ts";
import { remove, rename } from "#app/server/edit-chat.server.ts";
import type { FormWithFiles } from "#app/server/message-files.server.ts";
import { parseMessageForm, type ReturnedForm } from "#app/server/message-form.server.ts";
import { answerQueueIntent, isQueueIntent } from "#app/server/queue-intents.server.ts";
import { giveVote } from "#app/server/votes.server.ts";
import { sendMessage, stopAnswer, tellSendError } from "#app/server/start-chat.server.ts";
import type { AttachedFile } from "#app/shared/attachment.ts";

type Chat = { userId: string; chatId: string };

/** Where the browser goes next, or what it is told: the text of a message form comes back with its error. */
export type IntentAnswer =
  | { redirectTo: string }
  | {
      status: number;
      body: { error?: string; text?: string; files?: AttachedFile[]; done?: true } | ReturnedForm;
      /** Seconds. */
      retryAfter?: number;
    };

/** Does what a form on a chat asks for. The caller has checked the owner. */
export async function answerIntent(chat: Chat, posted: FormWithFiles): Promise<IntentAnswer> {
  const { form } = posted;
  const intent = intentOf("routes/chats.$chatId", form);
  if (isBranchIntent(intent)) return answerBranchIntent(chat, intent, form);
  if (isQueueIntent(intent)) return answerQueueIntent(chat, intent, form);
  switch (intent) {
    case "send":
      return send(chat, posted);
    case "stop":
      return stop(chat);
    case "model":
      return toldOf(chat, form, await pickModel(chat, form.get("model")));
    case "words":
      return toldOf(chat, form, await setWords(chat, form));
    case "decide":
      return decideCall(chat, form);
    case "vote":
      return vote(chat, form);
    case "rename":
      return renameTo(chat, form.get("title"));
    case "delete":
      return erase(chat, form.get("stay") !== null);
    case null:
      return { status: 400, body: { error: "This form asks for nothing that is known here." } };
  }
}

async function send(
  { userId, chatId }: Chat,
  { form, files, problem }: FormWithFiles,
): Promise<IntentAnswer> {
  const parsed = parseMessageForm(form, files.length > 0);
  const { text } = parsed;
  if (problem !== null) return { status: 400, body: { error: problem, text, files } };
  if (!parsed.ok) return { status: 400, body: { error: parsed.error, text, files } };
  const full = await limitOf(userId);
  if (full) {
    const { status, error, retryAfter } = full;
    return { status, body: { error, text, files }, retryAfter };
  }
  try {
    await sendMessage({ chatId, messageId: parsed.messageId, text, files });
    return { redirectTo: `/chats/${chatId}` };
  } catch (error) {
    const told = tellSendError(chatId, error);
    return { status: told.status, body: { error: told.error, text, files } };
  }
}

async function stop({ chatId }: Chat): Promise<IntentAnswer> {
  try {
    await stopAnswer(chatId);
    return { redirectTo: `/chats/${chatId}` };
  } catch {
    return { status: 503, body: { error: "The answer could not be stopped. Try again in a moment." } };
  }
}

/** With `stay` the page reads itself again. */
function toldOf(
  { chatId }: Chat,
  form: FormData,
  outcome: "changed" | "missing" | { error: string },
): IntentAnswer {
  if (outcome === "missing") return { status: 404, body: { error: "There is no such chat." } };
  if (outcome !== "changed") return { status: 400, body: outcome };
  return form.get("stay") === null
    ? { redirectTo: `/chats/${chatId}` }
    : { status: 200, body: { done: true } };
}

async function vote(chat: Chat, form: FormData): Promise<IntentAnswer> {
  const told = await giveVote(chat, form);
  return told.status === 200 ? { redirectTo: `/chats/${chat.chatId}` } : told;
}

async function renameTo(chat: Chat, title: unknown): Promise<IntentAnswer> {
  const outcome = await rename(chat, title);
  if (outcome === "missing") return { status: 404, body: { error: "There is no such chat." } };
  if (outcome === "renamed") {
    // Pages on other devices read themselves again. The title is stored, whether or not they are told.
    void tellOthers(chat.chatId);
    return { status: 200, body: { done: true } };
  }
  return { status: 400, body: outcome };
}

/** `stay`: the person looks at another chat and goes on there. */
async function erase(chat: Chat, stay: boolean): Promise<IntentAnswer> {
  try {
    await remove(chat);
    return stay ? { status: 200, body: { done: true } } : { redirectTo: "/chats" };
  } catch {
    const error =
      "The chat was not deleted: the service that answers cannot be reached. Try again in a moment.";
    return { status: 503, body: { error } };
  }
}
