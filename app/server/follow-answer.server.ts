import { setTimeout as pause } from "node:timers/promises";
import { AnswerFold } from "#app/server/fold-answers.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { readRecords } from "#app/server/trigger-client.server.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { Repeats } from "#app/shared/repeats.ts";

const LOOK_EVERY_MS = 150;
const LOOK_SELDOM_MS = 1_000;
/** Nobody who signed out, or lost the chat, reads on for longer. */
const CHECK_EVERY_MS = 10_000;

/**
 * The next answer on `.out` after a cursor, each time that it has grown, and `ended` with its last version. Ends
 * without that where another run takes the answer over, the stream cannot be read, or it may not be read any more.
 */
export async function* followAnswer(
  chatId: string,
  afterEventId: string | null,
  { signal, mayRead }: { signal: AbortSignal; mayRead: () => Promise<boolean> },
): AsyncGenerator<{ answer: LongrunUIMessage; ended: boolean }> {
  const fold = new AnswerFold();
  const repeats = new Repeats();
  let checked = Date.now();
  let after = afterEventId;
  let first: string | null = null;
  let delay = LOOK_EVERY_MS;
  try {
    while (!signal.aborted) {
      if (Date.now() - checked > CHECK_EVERY_MS) {
        if (!(await mayRead())) return;
        checked = Date.now();
      }
      const records = await readRecords(chatId, "out", after);
      for (const { seqNum, id, data, headers } of records) {
        const record = repeats.read(seqNum, data, headers, id);
        if (record) fold.take(record);
        after = String(seqNum);
      }
      delay = records.length > 0 ? LOOK_EVERY_MS : Math.min(delay * 1.5, LOOK_SELDOM_MS);
      const { ended, open } = await fold.answers();
      const answer = ended[0] ?? open?.answer;
      if (answer && records.length > 0) {
        if (answer.id !== (first ??= answer.id)) return;
        yield { answer, ended: ended.length > 0 };
      }
      if (ended.length > 0) return;
      await pause(delay, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) log("warn", "answer-not-followed", { chatId, ...describeError(error) });
  }
}
