import { createChat, deleteChat } from "#app/models/chat.server.ts";
import type { ChatChange } from "#app/models/chat-settings.server.ts";
import { saveSession } from "#app/models/chat-session.server.ts";
import { beginHeadStart } from "#app/server/head-start.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { preferredModel } from "#app/server/model-choice.server.ts";
import { type AttachedFile, messageParts } from "#app/shared/attachment.ts";
import type { ChatAction } from "#app/shared/chat-action.ts";
import type { answersToSend } from "#app/shared/tool-answers.ts";
import { appendInput, mintToken, startSession, TriggerError } from "#app/server/trigger-client.server.ts";

/**
 * Makes the chat if its id is free, then its session and first run, each once; the same again finds them.
 * Answers a token for this user's chat, or null when the id cannot be theirs. Throws TriggerError.
 */
export async function startChat(input: { userId: string; chatId: string }): Promise<string | null> {
  const { made } = await makeChat(input, {});
  const runId = made === "taken" ? null : await runOf(input, made);
  return runId === null ? null : mintToken(input.chatId, runId);
}

type Own = { userId: string; chatId: string };
type Made = Awaited<ReturnType<typeof createChat>>;

/** `settings` count only where the chat is made now; `model` is the one that it then has. */
async function makeChat(
  { userId, chatId }: Own,
  settings: ChatChange,
): Promise<{ made: Made; model: string | null }> {
  const model = settings.model === undefined ? await preferredModel(userId) : settings.model;
  return { made: await createChat({ id: chatId, userId, ...settings, model }), model };
}

/** The run of the user's chat, made where missing; null when the id is of a deleted chat. */
async function runOf({ userId, chatId }: Own, made: Made): Promise<string | null> {
  try {
    return await openSessionOf(chatId);
  } catch (error) {
    if (made !== "created" || !(error instanceof TriggerError && error.status === 409)) throw error;
    // A session that is closed for good lies under this id: its chat was deleted.
    await deleteChat({ userId, chatId });
    return null;
  }
}

async function openSessionOf(chatId: string): Promise<string> {
  const { runId, publicAccessToken } = await startSession(chatId);
  log("info", "chat.session-started", { chatId, runId });
  await saveSession({ chatId, runId, publicAccessToken });
  return runId;
}

export type Outgoing = { chatId: string; messageId: string; text: string; files?: readonly AttachedFile[] };

/** Makes a chat and sends its first message. False when the id cannot be this user's. Safe to repeat. */
export async function sendFirstMessage(
  userId: string,
  settings: ChatChange,
  message: Outgoing,
): Promise<boolean> {
  const own = { userId, chatId: message.chatId };
  const { made, model } = await makeChat(own, settings);
  if (made === "taken") return false;
  const { systemPrompt = null, temperature = null } = settings;
  const chat = { ...own, message: asSent(message), own: { model, systemPrompt, temperature } };
  const head = beginHeadStart(chat, made);
  try {
    if ((await runOf(own, made)) !== null) {
      await appendMessage(message, head?.ticket);
      return true;
    }
  } catch (error) {
    head?.drop();
    throw error;
  }
  head?.drop();
  return false;
}

const asSent = ({ messageId, text, files = [] }: Outgoing) => ({
  id: messageId,
  role: "user",
  parts: messageParts(text, files),
});

/** Sends a message in a chat whose owner was checked. The same message id again changes nothing. */
export function sendMessage(message: Outgoing): Promise<void> {
  return withSession(message.chatId, () => appendMessage(message));
}

/** Asks the run of a chat whose owner was checked. The same `partId` again changes nothing. */
export function askRun(chatId: string, action: ChatAction, partId: string): Promise<void> {
  const payload = { chatId, trigger: "action", action, metadata: {} };
  return withSession(chatId, () => appendInput(chatId, { kind: "message", payload }, partId));
}

/** The chat's row may have been made without a session: by a fork, or when something stopped in between. */
async function withSession(chatId: string, append: () => Promise<void>): Promise<void> {
  try {
    await append();
  } catch (error) {
    if (!(error instanceof TriggerError && error.status === 404)) throw error;
    await openSessionOf(chatId);
    await append();
  }
}

async function appendMessage(outgoing: Outgoing, headStart?: string): Promise<void> {
  const { chatId, messageId } = outgoing;
  const metadata = headStart === undefined ? {} : { headStart };
  const payload = { message: asSent(outgoing), chatId, trigger: "submit-message", metadata };
  await appendInput(chatId, { kind: "message", payload }, messageId);
  log("info", "chat.message-sent", { chatId, messageId });
}

/** Hands over what was decided about calls that wait, in a chat whose owner was checked. */
export function sendAnswers(
  chatId: string,
  message: ReturnType<typeof answersToSend>,
  partId: string,
): Promise<void> {
  const payload = { message, chatId, trigger: "submit-message", messageId: message.id, metadata: {} };
  return withSession(chatId, () => appendInput(chatId, { kind: "message", payload }, partId));
}

/** Asks the run to end the answer that it is giving. */
export function stopAnswer(chatId: string): Promise<void> {
  return appendInput(chatId, { kind: "stop" }, crypto.randomUUID());
}

/** What a person is told when a message could not be handed over. */
export function tellSendError(chatId: string, error: unknown): { status: number; error: string } {
  log("error", "send-failed", { chatId, ...describeError(error) });
  const status = error instanceof TriggerError ? error.status : 0;
  if (status === 413)
    return { status: 413, error: "This message is too long. Shorten it and send it again." };
  if (status === 409) return { status: 409, error: "This chat is closed. Start a new one." };
  const unreachable =
    "The message was not sent: the service that answers cannot be reached. Send it again in a moment.";
  return { status: 503, error: unreachable };
}
