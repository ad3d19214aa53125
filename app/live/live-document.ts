import { AnswerMarkup } from "#app/live/answer-markup.tsx";
import { LIVE_MARK } from "#app/chat/live-view.tsx";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

type Versions = AsyncIterable<{ answer: LongrunUIMessage; ended: boolean }>;

/**
 * A document whose answer is written while it is read: all up to the answer's place at once, then the answer as it
 * grows, then the rest. It is cut off where the answer cannot be followed to its end.
 */
export async function* liveDocument(document: string, versions: Versions): AsyncGenerator<string> {
  const at = document.indexOf(LIVE_MARK);
  yield at === -1 ? document : document.slice(0, at);
  if (at === -1) return;
  const markup = new AnswerMarkup();
  for await (const { answer, ended } of versions) {
    const more = markup.update(answer, ended);
    if (more !== "") yield more;
    if (ended) yield document.slice(at + LIVE_MARK.length);
  }
}
