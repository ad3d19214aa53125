import { branchNow, moveBranch, type BranchMove, type BranchNow } from "#app/models/branch-moves.server.ts";
import { forkChat } from "#app/models/fork.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { saveLostAnswer } from "#app/server/lost-saves.server.ts";
import { streamState, type StreamState } from "#app/server/pending-input.server.ts";
import { askRun, startChat } from "#app/server/start-chat.server.ts";
import { NOTHING_WRITTEN } from "#app/server/message-form.server.ts";
import { readRecords } from "#app/server/trigger-client.server.ts";
import { whenSaved } from "#app/server/when-saved.server.ts";

type Chat = { userId: string; chatId: string };

export type Told = { done: true } | { status: number; error: string };

const BUSY = "An answer is being written. Stop it first, or wait until it is done.";
const UNSAVED = "The last answer is still being saved. Try again in a moment.";
const CHANGED = "Something was written here in the meantime. Look at it, and try again.";
const UNKNOWN = "There is no such message in this chat any more.";
const UNREACHABLE = "The service that answers cannot be reached. Nothing was changed. Try again in a moment.";
const NOT_ASKED =
  "This is saved, but the service that answers cannot be reached. Try again in a moment to get an answer.";

/**
 * Changes which branch is on screen, while no turn is open, and asks for an answer where the branch then ends with a
 * message to be answered. What is changed is stored before anything else is told of it.
 */
export async function changeBranch(chat: Chat, move: BranchMove): Promise<Told> {
  let now: BranchNow | Exclude<Told, { done: true }>;
  try {
    now = await atRest(chat);
  } catch (error) {
    log("warn", "branch-not-changed", { chatId: chat.chatId, ...describeError(error) });
    return { status: 503, error: UNREACHABLE };
  }
  if ("error" in now) return now;
  const moved = await moveBranch({ ...chat, from: now.head, move });
  if (moved === "missing" || moved === "unknown") return { status: 404, error: UNKNOWN };
  if (moved === "changed") return { status: 409, error: CHANGED };
  if (moved === "blank") return { status: 400, error: NOTHING_WRITTEN };
  return moved.answer === null ? tellOthers(chat.chatId) : askForAnswer(chat.chatId, moved.answer, move);
}

/** The branch, once nothing is being answered and all that was answered is stored. Throws TriggerError. */
async function atRest(chat: Chat): Promise<BranchNow | { status: number; error: string }> {
  let found = await savedBranch(chat);
  if (found?.state.newestInput === null && found.state.ahead) {
    // The run died between an answer's end and its save; the next run saves what it finds on the stream.
    await tellOthers(chat.chatId);
    found = await savedBranch(chat);
  }
  if (!found) return { status: 404, error: UNKNOWN };
  if (found.state.newestInput !== null) return { status: 409, error: BUSY };
  return found.state.ahead ? { status: 503, error: UNSAVED } : found.now;
}

/** The branch with what the streams say of it, as soon as no answer that is done waits for its save. Null: no such chat. */
function savedBranch(chat: Chat): Promise<{ now: BranchNow; state: StreamState } | null> {
  const look = async () => {
    const now = await branchNow(chat);
    return now && { now, state: await readStreams(chat.chatId, now) };
  };
  return whenSaved(look, (found) => !found || found.state.newestInput !== null || !found.state.ahead);
}

async function readStreams(chatId: string, { cursors }: BranchNow): Promise<StreamState> {
  const { lastEventId, lastInEventId } = cursors;
  const before = lastEventId === null || lastEventId === "0" ? null : String(Number(lastEventId) - 1);
  const output = await readRecords(chatId, "out", before);
  return streamState(cursors, await readRecords(chatId, "in", lastInEventId), output);
}

async function askForAnswer(chatId: string, messageId: string, move: BranchMove): Promise<Told> {
  const partId = move.type === "edit" ? `answer-${messageId}` : `answer-${crypto.randomUUID()}`;
  try {
    await askRun(chatId, { type: "answer", messageId }, partId);
    return { done: true };
  } catch (error) {
    log("error", "answer-not-asked", { chatId, ...describeError(error) });
    return { status: 503, error: NOT_ASKED };
  }
}

/** Pages that are open elsewhere look again. What was changed holds without it. */
export async function tellOthers(chatId: string): Promise<Told> {
  try {
    await askRun(chatId, { type: "look" }, `look-${crypto.randomUUID()}`);
  } catch (error) {
    log("warn", "others-not-told", { chatId, ...describeError(error) });
  }
  return { done: true };
}

/** A chat of its own with what was said up to a message. The same fork again changes nothing. */
export async function fork(chat: Chat, messageId: string, forkId: string): Promise<Told> {
  let outcome = await forkChat({ ...chat, messageId, forkId });
  if (outcome === "missing") {
    // It may be an answer that has just ended.
    await saveLostAnswer(chat);
    outcome = await forkChat({ ...chat, messageId, forkId });
  }
  if (outcome === "missing") return { status: 404, error: UNKNOWN };
  try {
    await startChat({ userId: chat.userId, chatId: forkId });
  } catch (error) {
    // The first message that is sent there makes up for it.
    log("warn", "fork-not-started", { chatId: forkId, ...describeError(error) });
  }
  return { done: true };
}
