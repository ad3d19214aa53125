import type { ChatPage } from "#app/models/chat.server.ts";
import { foldAnswers, type FoldedAnswers } from "#app/server/fold-answers.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { streamState, type StreamState } from "#app/server/pending-input.server.ts";
import { asDecided } from "#app/server/queue-view.server.ts";
import { currentRun, mintToken, readRecords, type StreamRecord } from "#app/server/trigger-client.server.ts";
import type { QueueState } from "#app/shared/queue.ts";
import type { ResumeHandle } from "#app/shared/resume-handle.ts";
import { Repeats } from "#app/shared/repeats.ts";

/** What the Trigger API knows of a chat beyond what is stored. */
export type LiveChat = StreamState & {
  answers: FoldedAnswers;
  publicAccessToken: string;
  runId: string | null;
  /** See `ResumeHandle`. */
  newest: ResumeHandle["newest"];
  /** What was decided about messages that wait, by their ids. */
  queue: Record<string, QueueState>;
};

/** As many as a writer has under way, and a page can hold for nothing. */
const NEWEST = 64;

/** Reads a session's streams from the stored cursors on; null when the Trigger API does not answer. */
export async function readLive(chatId: string, session: ChatPage["session"]): Promise<LiveChat | null> {
  const { lastEventId = null, lastInEventId = null, runId: storedRun = null } = session ?? {};
  try {
    // `.out` first: a turn that ends in between then still has its message in `.in`, and is shown as open.
    const [output, runId] = await Promise.all([
      readRecords(chatId, "out", before(lastEventId)),
      currentRun(chatId),
    ]);
    const known = runId ?? storedRun;
    const [input, publicAccessToken, answers] = await Promise.all([
      readRecords(chatId, "in", lastInEventId),
      mintToken(chatId, known),
      foldAnswers(unstored(output, lastEventId)),
    ]);
    const read = streamState({ lastEventId, lastInEventId }, input, output);
    const state = await asDecided(chatId, read);
    const newest = output.slice(-NEWEST).flatMap(({ id, seqNum }) => (id ? [[id, seqNum] as const] : []));
    return { ...state, answers, newest, publicAccessToken, runId: known };
  } catch (error) {
    log("warn", "chat-without-stream", { chatId, ...describeError(error) });
    return null;
  }
}

/** An answer has come to its end, and no run has stored it (yet): nothing else is open. */
export function lacksSave({ newestInput, ahead, answers }: LiveChat): boolean {
  return newestInput === null && ahead && !answers.open && answers.ended.length > 0 && !answers.failure;
}

/**
 * So that the stored turn's own end is read too: the answer and `lastEventId` are written by one hook, and
 * `lastInEventId` a moment later by the runtime. In between only that record says which input was answered.
 */
function before(lastEventId: string | null): string | null {
  return lastEventId === null || Number(lastEventId) === 0 ? null : String(Number(lastEventId) - 1);
}

function unstored(output: StreamRecord[], lastEventId: string | null) {
  const stored = lastEventId === null ? -1 : Number(lastEventId);
  const repeats = new Repeats();
  return output
    .flatMap(({ seqNum, id, data, headers }) => repeats.read(seqNum, data, headers, id) ?? [])
    .filter(({ seq }) => seq > stored);
}
