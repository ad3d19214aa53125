import type { BranchWindow } from "#app/models/branch-window.server.ts";
import { chatPage, type ChatPage } from "#app/models/chat.server.ts";
import { readDecisions } from "#app/models/decision.server.ts";
import { lacksSave, readLive, type LiveChat } from "#app/server/live-chat.server.ts";
import { saveLostAnswer } from "#app/server/lost-saves.server.ts";
import { partialIdsOf } from "#app/server/message-window.server.ts";
import { placeAnswers, type PlacedMessages } from "#app/server/place-answers.server.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { QueueState } from "#app/shared/queue.ts";
import type { Summary } from "#app/shared/summary.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";
import type { ToolAnswers } from "#app/shared/tool-answers.ts";

export type LoadedChat = {
  title: string | null;
  /** The end of the branch on screen. */
  messages: LongrunUIMessage[];
  /** Older ones come before the first. */
  earlier: boolean;
  /** Ids of answers that were cut short: stopped, failed, or ended by a crash. */
  partialIds: string[];
  /** Of each message that has others in its place: the ids of all of them, oldest first. */
  siblings: Record<string, readonly string[]>;
  /** What followed the last message was taken back, and can be shown again. */
  hasMore: boolean;
  /** Some of what is shown has no row yet, so that nothing is known of the versions beside it. */
  unsaved: boolean;
  /** What the model is told in place of the beginning; null: it is told all. */
  summary: Summary | null;
  handle: ResumeHandle;
  /** What was decided about messages that wait, by their ids. */
  queue: Record<string, QueueState>;
  /** What is decided about calls of the last message that wait, by their ids. */
  decisions: ToolAnswers;
  status: ChatStatus;
  /** The first answer that is not stored yet, where it has begun. */
  runningId: string | null;
  /** The Trigger API could be asked. Without it the history stands, and nothing is known of the open turn. */
  reachable: boolean;
  /** Why the last message has no answer, where only the stream knows: no run was left that could have stored it. */
  failure: string | null;
};

type ChatInput = { userId: string; chatId: string; window?: BranchWindow };
type Read = { page: ChatPage; live: LiveChat | null; placed: PlacedMessages };

/** Everything the page of one's own chat shows, and the handle to go on from there; null when it is not there. */
export async function loadChat(input: ChatInput): Promise<LoadedChat | null> {
  const first = await read(input);
  // The stream was read after the history: where it is a step further, the history is read once more.
  const loaded = first && isBehind(first) ? await read(input) : first;
  if (!loaded) return null;
  const { page, live, placed } = loaded;
  // The page shows it from the stream meanwhile, and is read again.
  if (live && lacksSave(live)) void saveLostAnswer(input);
  const { messages } = placed;
  const last = messages.at(-1);
  const unanswered = last?.role === "user";
  return {
    title: page.chat.title,
    messages,
    earlier: page.earlier,
    partialIds: partialIdsOf(page, placed.open?.messageId),
    siblings: page.siblings,
    hasMore: page.hasMore && messages.length === page.messages.length,
    unsaved: messages.length !== page.messages.length,
    summary: page.summary,
    handle: handleOf(loaded, unanswered),
    queue: live?.queue ?? {},
    decisions: last ? await readDecisions(input.chatId, last) : {},
    status: live ? statusOf(live, unanswered) : unanswered ? "submitted" : "ready",
    runningId: (live?.answers.ended[0] ?? live?.answers.open?.answer)?.id ?? null,
    reachable: live !== null,
    failure: live?.answers.failure ?? null,
  };
}

async function read(input: ChatInput): Promise<Read | null> {
  const page = await chatPage(input);
  if (!page) return null;
  const live = await readLive(input.chatId, page.session);
  const stored = page.messages.map((row) => row.message);
  const placed = live ? placeAnswers(stored, live) : { messages: stored, open: null, misplaced: false };
  return { page, live, placed };
}

function isBehind({ live, placed }: Read): boolean {
  return placed.misplaced || live?.ahead === true || live?.answers.restarted === true;
}

function statusOf(live: LiveChat, unanswered: boolean): ChatStatus {
  if (live.newestInput !== null || live.answers.open) return live.answering ? "streaming" : "submitted";
  if (live.answers.failure !== null) return "error";
  if (live.ahead) return "streaming";
  return unanswered ? "error" : "ready";
}

function handleOf({ page, live, placed }: Read, unanswered: boolean): ResumeHandle {
  return {
    publicAccessToken: live?.publicAccessToken ?? null,
    lastEventId: page.session?.lastEventId ?? null,
    open: placed.open,
    newest: placed.open && live ? live.newest : [],
    isStreaming: live ? live.newestInput !== null || live.ahead || live.answers.open !== null : unanswered,
    activeInputSeq: live?.newestInput ?? null,
    pending: (live?.pending ?? []).map(({ seq, message }) => ({ seq, messageId: message.id })),
    stopSeq: live?.stopSeq ?? null,
    runId: live ? live.runId : (page.session?.runId ?? null),
  };
}
