import type { FoldedAnswers } from "#app/server/fold-answers.server.ts";
import type { StreamState } from "#app/server/pending-input.server.ts";
import { progress } from "#app/shared/answer-progress.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { OpenTurn } from "#app/shared/open-turn.ts";

type Streams = Pick<StreamState, "pending"> & { answers: FoldedAnswers };

export type PlacedMessages = {
  messages: LongrunUIMessage[];
  /** Null unless the open answer is in the messages just as far as the turn's cursor says. */
  open: OpenTurn | null;
  /** The open answer stands behind another answer: what it answers is not in the history that was read. */
  misplaced: boolean;
};

/** The stored history, what waits for an answer, and the answers that are only on the stream, each in its place. */
export function placeAnswers(stored: LongrunUIMessage[], { pending, answers }: Streams): PlacedMessages {
  const known = new Set(stored.map(({ id }) => id));
  const history = [...stored, ...answers.ended.filter(({ id }) => !known.has(id))];
  const messages = [...history, ...distinct(pending, known)];
  if (!answers.open) return { messages, open: null, misplaced: false };
  const { answer, turn } = answers.open;
  // A page that has to read an earlier turn first reads this one, too.
  const open = answers.ended.length === 0 ? turn : null;
  const at = messages.findIndex(({ id }) => id === answer.id);
  const shown = messages[at];
  if (shown) {
    // An answer that goes on begins its turn with all that it held: until then the stored one has more.
    if (progress(answer) < progress(shown)) return { messages, open: null, misplaced: false };
    return { messages: messages.with(at, answer), open, misplaced: false };
  }
  const place = placeOf(messages, pending, history.length);
  return {
    messages: messages.toSpliced(place, 0, answer),
    open,
    misplaced: messages[place - 1]?.role === "assistant",
  };
}

/** Behind the first message that waits and has no answer behind it; without any, at the end of the history. */
function placeOf(messages: LongrunUIMessage[], pending: StreamState["pending"], end: number): number {
  const waiting = new Set(pending.map(({ message }) => message.id));
  const next = messages.findIndex(
    ({ id }, index) => waiting.has(id) && messages[index + 1]?.role !== "assistant",
  );
  return next === -1 ? end : next + 1;
}

/** The pending messages that have no row yet, each once. */
function distinct(pending: StreamState["pending"], known: Set<string>): LongrunUIMessage[] {
  return pending.map(({ message }) => message).filter(({ id }) => !known.has(id) && known.add(id));
}
