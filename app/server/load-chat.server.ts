import { chatPage, type ChatPage } from "#app/models/chat.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { streamState, type StreamState } from "#app/server/pending-input.server.ts";
import { currentRun, mintToken, readRecords } from "#app/server/trigger-client.server.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";

export type LoadedChat = {
  title: string | null;
  messages: LongrunUIMessage[];
  /** Ids of answers that were cut short: stopped, failed, or ended by a crash. */
  partialIds: string[];
  /** Of each message that has others in its place: the ids of all of them, oldest first. */
  siblings: Record<string, readonly string[]>;
  /** What followed the last message was taken back, and can be shown again. */
  hasMore: boolean;
  handle: ResumeHandle;
  status: ChatStatus;
  /** The Trigger API could be asked. Without it the history stands, and nothing is known of the open turn. */
  reachable: boolean;
};

type Live = StreamState & { publicAccessToken: string; runId: string | null };

/** Everything the page of one's own chat shows, and the handle to go on from there; null when it is not there. */
export async function loadChat(input: { userId: string; chatId: string }): Promise<LoadedChat | null> {
  const page = await chatPage(input);
  if (!page) return null;
  const live = await readLive(input.chatId, page);
  const stored = page.messages.map((row) => row.message);
  const known = new Set(stored.map((message) => message.id));
  const messages = [...stored, ...distinct(live?.pending ?? [], known)];
  const unanswered = messages.at(-1)?.role === "user";
  return {
    title: page.chat.title,
    messages,
    partialIds: page.messages
      .filter((row) => !row.final && row.message.role === "assistant")
      .map((row) => row.id),
    siblings: page.siblings,
    hasMore: page.hasMore && messages.length === stored.length,
    handle: handleOf(page, live, unanswered),
    status: live ? statusOf(live, unanswered) : unanswered ? "submitted" : "ready",
    reachable: live !== null,
  };
}

async function readLive(chatId: string, page: ChatPage): Promise<Live | null> {
  const { lastEventId = null, lastInEventId = null, runId: storedRun = null } = page.session ?? {};
  try {
    // `.out` first: a turn that ends in between then still has its message in `.in`, and is shown as open.
    const [output, runId] = await Promise.all([
      readRecords(chatId, "out", before(lastEventId)),
      currentRun(chatId),
    ]);
    const known = runId ?? storedRun;
    const [input, publicAccessToken] = await Promise.all([
      readRecords(chatId, "in", lastInEventId),
      mintToken(chatId, known),
    ]);
    return { ...streamState({ lastEventId, lastInEventId }, input, output), publicAccessToken, runId: known };
  } catch (error) {
    log("warn", "chat-without-stream", { chatId, ...describeError(error) });
    return null;
  }
}

/**
 * So that the stored turn's own end is read too: the answer and `lastEventId` are written by one hook, and
 * `lastInEventId` a moment later by the runtime. In between only that record says which input was answered.
 */
function before(lastEventId: string | null): string | null {
  return lastEventId === null || Number(lastEventId) === 0 ? null : String(Number(lastEventId) - 1);
}

/** The pending messages that have no row yet, each once. */
function distinct(pending: StreamState["pending"], known: Set<string>): LongrunUIMessage[] {
  return pending.map(({ message }) => message).filter(({ id }) => !known.has(id) && known.add(id));
}

function statusOf(live: Live, unanswered: boolean): ChatStatus {
  if (live.newestInput !== null) return live.answering ? "streaming" : "submitted";
  if (live.ahead) return "streaming";
  return unanswered ? "error" : "ready";
}

function handleOf(page: ChatPage, live: Live | null, unanswered: boolean): ResumeHandle {
  return {
    publicAccessToken: live?.publicAccessToken ?? null,
    lastEventId: page.session?.lastEventId ?? null,
    isStreaming: live ? live.newestInput !== null || live.ahead : unanswered,
    activeInputSeq: live?.newestInput ?? null,
    pending: (live?.pending ?? []).map(({ seq, message }) => ({ seq, messageId: message.id })),
    runId: live ? live.runId : (page.session?.runId ?? null),
  };
}
