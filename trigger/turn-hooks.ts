import { logger } from "@trigger.dev/sdk";
import { chat, type TurnCompleteEvent, type TurnStartEvent } from "@trigger.dev/sdk/ai";
import { chatOfRun } from "#app/models/chat.server.ts";
import { saveSession } from "#app/models/chat-session.server.ts";
import { endTurn } from "#app/models/turn.server.ts";
import { writeTranscript, type TranscriptChange } from "#app/models/transcript.server.ts";
import { writeTurnStart } from "#app/models/turn-start.server.ts";
import { acceptSubmitted, messageError, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { goesOn } from "#app/shared/tool-answers.ts";
import { followScreen, unsavedOf, wereStored, withoutBegun, withoutOrphans } from "#trigger/branch-sync.ts";
import { summariseAhead } from "#trigger/context/fit.ts";
import { lookAgain } from "#trigger/context/second-look.ts";
import { withGoneOn } from "#trigger/gone-on.ts";
import { takeLostStop } from "#trigger/lost-stops.ts";
import { countTurn, type Counted } from "#trigger/limits.ts";
import { VisibleError } from "#trigger/model-error.ts";
import { asDecided } from "#trigger/queue.ts";
import { withOwnFiles } from "#trigger/own-files.ts";
import { retry } from "#trigger/retry.ts";
import { ownChatId, runState, type RunState } from "#trigger/run-state.ts";
import { makeTitle } from "#trigger/title.ts";
import { endSubtasks } from "#trigger/subtasks/settle-subtasks.ts";
import { turnCompleted, turnStarted } from "#trigger/turn-log.ts";
import { isOwed, unreadInput } from "#trigger/unread-input.ts";
import { acceptedAnswers, settleWaiting } from "#trigger/waiting-calls.ts";

/**
 * The door for what a browser wrote: role user, text and one's own files, within the limits; all else is dropped. Or the answers to
 * calls that wait for the person, of which only the decisions count.
 */
export async function onValidateMessages(event: {
  messages: LongrunUIMessage[];
}): Promise<LongrunUIMessage[]> {
  const answers = acceptedAnswers(event.messages);
  if (answers) return answers;
  const state = runState();
  try {
    return await Promise.all(event.messages.map((message) => accept(ownChatId(state), message)));
  } catch (error) {
    // The runtime adds a refused message to the history of the failed turn; onTurnComplete takes it out again.
    state.beforeRefusal = chat.history.all() as LongrunUIMessage[];
    if (await isOwed(state, event.messages.at(-1)?.id)) chat.endRun();
    throw error;
  }
}

function accept(chatId: string, message: LongrunUIMessage): Promise<LongrunUIMessage> {
  const clean = acceptSubmitted(message);
  if (clean) return withOwnFiles(chatId, clean);
  throw new VisibleError("This message was not accepted. Send text of at most 200,000 characters.");
}

/** Before the model is called: the chat exists, its messages are stored, and the session names this run. */
export async function onTurnStart(event: TurnStartEvent<unknown, LongrunUIMessage>): Promise<void> {
  const state = runState();
  turnStarted({ chatId: ownChatId(state), runId: event.runId });
  state.aside?.abort();
  state.refusal = null;
  if (state.loadFailed) {
    chat.endRun();
    throw new VisibleError("The conversation could not be read from the database. Try again in a moment.");
  }
  void unreadInput(state);
  let counted: Counted | null = null;
  let begun = false;
  try {
    state.chat = await readChat(state);
    // While the message is stored, the turn is counted: whoever waits for the answer waits for one of them.
    counted = beginCount(state, event);
    begun = await beginStored(state, event);
    if (begun) return await counted?.admitted();
  } catch (error) {
    void counted?.forget();
    return await refuse(state, error, { id: event.uiMessages.at(-1)?.id, stored: begun });
  }
  void counted?.forget();
}

/** Ends the turn with the error. A message that the run owes a turn is told so in an answer, or left to the next run. */
async function refuse(
  state: RunState,
  error: unknown,
  asked: { id: string | undefined; stored: boolean },
): Promise<void> {
  if (!(await isOwed(state, asked.id))) throw error;
  if (asked.stored && error instanceof VisibleError) {
    state.refusal = error.message;
    return;
  }
  chat.endRun();
  throw error;
}

const NOT_STORED = "The message could not be stored, so it was not answered. Try again in a moment.";

async function readChat(state: RunState): Promise<RunState["chat"]> {
  const chatId = ownChatId(state);
  try {
    return await retry(() => chatOfRun(chatId));
  } catch {
    throw new VisibleError(NOT_STORED);
  }
}

/** Null: nobody is to be answered. */
function beginCount(
  state: RunState,
  { runId, turn }: TurnStartEvent<unknown, LongrunUIMessage>,
): Counted | null {
  if (!state.chat || state.chat.ownerDisabled) return null;
  return countTurn(state.chat.userId, { chatId: ownChatId(state), runId, turn });
}

/** Stores the turn's messages. False: its message was withdrawn, or stopped. Throws VisibleError when there is nothing to answer. */
async function beginStored(
  state: RunState,
  event: TurnStartEvent<unknown, LongrunUIMessage>,
): Promise<boolean> {
  const messages = state.chat && (await storeMessages(state, state.chat, event));
  if (!messages) {
    state.chat = null;
    chat.endRun();
    throw new VisibleError("This chat does not exist any more, so nothing was answered.");
  }
  // Whoever was signed in a moment ago still holds a token of this session.
  if (state.chat?.ownerDisabled) {
    chat.endRun();
    throw new VisibleError("This account is disabled, so nothing was answered.");
  }
  const asked = messages.at(-1);
  if (state.withdrawn) return false;
  state.goesOn = asked && goesOn(asked) ? asked : null;
  state.recovering = asked !== undefined && isRecovered(state, asked);
  state.askedId = asked?.id ?? null;
  state.stopped = asked !== undefined && (await takeLostStop(state, asked.id));
  const carriesOn = !state.stopped && (state.recovering || state.goesOn);
  await endSubtasks(ownChatId(state), carriesOn ? state.askedId : null);
  if (state.stopped) return false;
  if (asked?.role !== "user" && !state.goesOn) throw new VisibleError("There is no message to answer.");
  return true;
}

/** Whether a lost run had begun this answer. One that goes on has begun under its own id. */
const isRecovered = ({ recoveredId, goesOn, tail }: RunState, asked: LongrunUIMessage): boolean =>
  asked.id === recoveredId || (goesOn !== null && tail?.lost?.messageId === asked.id);

/** Gives the history that is answered; null when the chat is gone. */
async function storeMessages(
  state: RunState,
  { headMessageId }: NonNullable<RunState["chat"]>,
  { uiMessages, runId, chatAccessToken }: TurnStartEvent<unknown, LongrunUIMessage>,
): Promise<LongrunUIMessage[] | null> {
  const chatId = ownChatId(state);
  const session = { runId, publicAccessToken: chatAccessToken };
  try {
    const screen = await followScreen(state, chatId, uiMessages, headMessageId);
    const whole = await withGoneOn(state, withoutOrphans(state, screen));
    const messages = settleWaiting(whole.messages);
    const changes = unsavedOf(state, messages);
    const asked = messages.at(-1);
    const to = asked?.id ?? null;
    if (asked?.role === "user" && !state.stored.has(asked.id)) {
      const before = changes.filter((change) => change.op !== "put" || change.message.id !== asked.id);
      const start = { chatId, before, asked, parentId: messages.at(-2)?.id ?? null, session };
      const { written, mark } = await retry(() => writeTurnStart(start));
      return written ? asDecided(state, messages, mark) : null;
    }
    const unsaved = messages.filter((message) => !state.stored.has(message.id));
    const write = () =>
      changes.length > 0 || to !== state.head
        ? writeTranscript({ chatId, changes, head: { to }, session })
        : saveSession({ chatId, ...session });
    if (!(await retry(write))) return null;
    wereStored(state, unsaved, to);
    // What the decision had asked for is there, with its last word: its turn has only to end.
    if (asked?.role === "assistant" && whole.ids.has(asked.id)) state.withdrawn = true;
    return messages;
  } catch {
    throw new VisibleError(NOT_STORED);
  }
}

/** After the turn: its messages and its cursor in one transaction, then a title where there is none. */
export async function onTurnComplete(event: TurnCompleteEvent<unknown, LongrunUIMessage>): Promise<void> {
  const state = runState();
  const chatId = ownChatId(state);
  state.held.clear();
  const wasStopped = state.stopped;
  state.withdrawn = state.stopped = false;
  await endTurn(chatId).catch(() => logger.warn("the end of the turn was not counted", { chatId }));
  turnCompleted({
    chatId,
    runId: event.runId,
    stopped: event.stopped || wasStopped,
    failed: event.error !== undefined,
  });
  if (event.error !== undefined && event.lastEventId === undefined) return abandon(state, chatId);
  await endSubtasks(chatId);
  if (state.beforeRefusal) {
    chat.history.set(state.beforeRefusal);
    state.beforeRefusal = null;
    return;
  }
  const { responseMessage, lastEventId, runId, chatAccessToken } = event;
  // A stop that came after the answer's last word has cut nothing: everybody has read it to its end.
  const cut = (event.stopped || wasStopped) && !hasFinished(state, responseMessage);
  const failed = cut || event.error !== undefined || (responseMessage && messageError(responseMessage));
  // On the error path `newUIMessages` holds a message as the browser sent it; `uiMessages` what was accepted of it.
  const ids = new Set(event.newUIMessages.map((message) => message.id));
  const history = withoutBegun(state, event.uiMessages);
  // With the cursor goes all that lies before it: where the turn's start could not be stored, an older answer too.
  const isNew = ({ id }: LongrunUIMessage) => ids.has(id) || !state.stored.has(id);
  const messages = history.filter(isNew);
  const changes = history.flatMap((message, index): TranscriptChange[] => {
    if (!isNew(message)) return [];
    const final = message.id !== state.keptId && !(failed && message.id === responseMessage?.id);
    return [{ op: "put", message, final, parentId: history[index - 1]?.id ?? null }];
  });
  const head = { from: state.head ?? null, to: history.at(-1)?.id ?? null };
  const session = { runId, publicAccessToken: chatAccessToken };
  try {
    const written = await retry(() =>
      writeTranscript({ chatId, changes, head, cursors: { lastEventId }, session }),
    );
    if (!written) return;
  } catch {
    // The answer is whole on the stream. The storage's own save follows and tries again.
    logger.warn("the turn could not be stored yet", { chatId });
    return;
  }
  wereStored(state, messages, head.to);
  if (!failed) startAside(state, chatId, event.uiMessages);
}

/** Whether the answer came to its last word in this turn. One that goes on had come to one before. */
function hasFinished({ goesOn }: RunState, answer: LongrunUIMessage | undefined): boolean {
  const reason = answer?.metadata?.finishReason;
  const before = goesOn !== null && goesOn.id === answer?.id ? goesOn.metadata?.finishReason : undefined;
  return reason !== undefined && reason !== before;
}

/**
 * The Trigger API was away for longer than its client tries: the turn broke off, and neither its error nor its end
 * reached the stream. For every reader the turn is still open. Nothing of it is stored and the run ends, so that
 * the message is unanswered for the next run too, which answers it anew.
 */
function abandon(state: RunState, chatId: string): void {
  logger.warn("the turn could not be ended on the stream; the next run answers anew", { chatId });
  state.abandoned = true;
  chat.endRun();
}

/** Runs beside the wait for the next message; the next turn ends it, and starts it again if it came to nothing. */
function startAside(state: RunState, chatId: string, messages: LongrunUIMessage[]): void {
  if (!state.chat) return;
  const { userId, model, title, secondLook } = state.chat;
  const { signal } = (state.aside = new AbortController());
  const call = { chatId, userId, model };
  if (title === null) chat.defer(makeTitle({ id: chatId, userId, model }, messages, signal));
  chat.defer(summariseAhead(call, messages, signal));
  if (secondLook) chat.defer(lookAgain(call, messages, signal));
}
