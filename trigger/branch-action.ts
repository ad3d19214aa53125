import { chat } from "@trigger.dev/sdk/ai";
import { readBranch } from "#app/models/branch.server.ts";
import { writeTranscript } from "#app/models/transcript.server.ts";
import type { ChatAction } from "#app/shared/chat-action.ts";
import { holdsNothing, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { adoptBranch, withoutBegun } from "#trigger/branch-sync.ts";
import { withGoneOn } from "#trigger/gone-on.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { retry } from "#trigger/retry.ts";
import { runState } from "#trigger/run-state.ts";

/** The agent's `onAction`. What the action names is looked up in the database: a browser may write anything. */
export async function onAction({ action }: { action: ChatAction }) {
  const { chatId } = runState();
  if (!chatId) throw new Error("the run has not booted");
  if (action.type === "look") return await keepRecovered();
  return await answerAgain(chatId, action.messageId);
}

/** An answer that this run took from the stream, because the one before died as it would have saved it, is saved now. */
async function keepRecovered(): Promise<undefined> {
  const state = runState();
  const found = withoutBegun(state, chat.history.all() as LongrunUIMessage[]);
  const { messages: history } = await withGoneOn(state, found);
  if (history.some((message) => !state.stored.has(message.id))) chat.history.set(history);
}

/**
 * A turn on the branch on screen, when that ends with the message or with an answer to it. Anything else was
 * overtaken by what was asked after it, and changes nothing.
 */
async function answerAgain(chatId: string, messageId: string) {
  const state = runState();
  const branch = await retry(() => readBranch(chatId)).catch(() => null);
  if (!branch) throw new VisibleError("The conversation could not be read. Try again in a moment.");
  const asked = branch.messages.findLastIndex(({ message }) => message.role === "user");
  if (branch.messages[asked]?.id !== messageId) return undefined;
  const history = adoptBranch(state, branch);
  await dropEmptyAnswer(chatId, branch.messages.slice(asked + 1), messageId);
  chat.history.set(history.slice(0, asked + 1));
  return chat.turn();
}

/** An answer that is no more than an error is no branch to come back to. */
async function dropEmptyAnswer(
  chatId: string,
  answers: { id: string; message: Parameters<typeof holdsNothing>[0] }[],
  to: string,
) {
  const [answer, ...others] = answers;
  if (!answer || others.length > 0 || !holdsNothing(answer.message)) return;
  const changes = [{ op: "remove" as const, id: answer.id }];
  const written = await retry(() => writeTranscript({ chatId, changes, head: { to } })).catch(() => false);
  if (written) runState().head = to;
}
