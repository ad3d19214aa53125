import { logger } from "@trigger.dev/sdk";
import type { RecoveryBootEvent, RecoveryBootResult } from "@trigger.dev/sdk/ai";
import { writeTranscript, type TranscriptChange } from "#app/models/transcript.server.ts";
import { acceptSubmitted, saysSomething, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { queueMarks } from "#app/models/queued-input.server.ts";
import { steeredBy } from "#app/shared/queue.ts";
import { unsavedOf, wereStored, withoutBegun } from "#trigger/branch-sync.ts";
import { takeBegunCalls } from "#trigger/finish-calls.ts";
import { withCalls } from "#trigger/open-calls.ts";
import { retry } from "#trigger/retry.ts";
import { runState } from "#trigger/run-state.ts";
import type { StreamTail } from "#trigger/stream-tail.ts";
import { withResultsOf } from "#trigger/waiting-calls.ts";

/** The messages as they may enter the conversation, each id once: this path passes no other check. */
function accepted(messages: readonly LongrunUIMessage[]): LongrunUIMessage[] {
  const byId = new Map<string, LongrunUIMessage>();
  for (const message of messages) {
    const clean = acceptSubmitted(message);
    if (clean && !byId.has(clean.id)) byId.set(clean.id, clean);
  }
  return [...byId.values()];
}

/**
 * The messages that no turn has answered. One whose turn had begun is as it was stored then; one that steered an
 * answer is answered with that, although an older message may still wait. One with an answer behind it has its partial:
 * a run that was lost later has kept it.
 */
function unanswered({
  inFlightUsers,
  settledMessages,
}: Pick<RecoveryBootEvent<LongrunUIMessage>, "settledMessages" | "inFlightUsers">): LongrunUIMessage[] {
  const stored = new Map(settledMessages.map((message) => [message.id, message]));
  const steered = new Set(settledMessages.flatMap(steeredBy));
  const kept = new Set(
    settledMessages.flatMap((message, at) =>
      message.role === "assistant" ? [settledMessages[at - 1]?.id] : [],
    ),
  );
  return accepted(inFlightUsers)
    .filter(({ id }) => !steered.has(id) && !kept.has(id))
    .map((message) => stored.get(message.id) ?? message);
}

function withoutSteering(
  partial: LongrunUIMessage | undefined,
  waiting: ReadonlySet<string>,
): LongrunUIMessage | undefined {
  if (!partial || !steeredBy(partial).some((id) => waiting.has(id))) return partial;
  const parts = partial.parts.filter(
    (part) => !steeredBy({ role: "assistant", parts: [part] }).some((id) => waiting.has(id)),
  );
  return { ...partial, parts };
}

type RecoveryPlan = {
  /** The history to go on from. */
  chain: LongrunUIMessage[];
  /** Messages to answer, in order. */
  recoveredTurns: LongrunUIMessage[];
  /** Id of the partial answer that stays in the history. */
  partialId: string | null;
  /** Id of the message whose partial answer was dropped, and that is answered anew. */
  anewId: string | null;
};

/**
 * How a conversation goes on after a run died: what the history is, which messages are still to be answered, and
 * which partial answer is kept. The runtime finds an interrupted message both in the stored history and in the
 * input; it is taken out of the history, so that the model never reads it twice.
 */
export function planRecovery(
  event: Pick<RecoveryBootEvent<LongrunUIMessage>, "settledMessages" | "inFlightUsers" | "partialAssistant">,
  tail: StreamTail | null,
  head: string | null = null,
  stored: ReadonlySet<string> = new Set(),
): RecoveryPlan {
  const history = withoutBegun({ tail, stored }, event.settledMessages);
  const waiting = unanswered({ ...event, settledMessages: history });
  const waitingIds = new Set(waiting.map((message) => message.id));
  const settled = history.filter((message) => !waitingIds.has(message.id));
  const known = settled.some((message) => message.id === event.partialAssistant?.id);
  // A beginning without a word is no answer to keep: its message would count as answered and never be.
  const begun = event.partialAssistant && saysSomething(event.partialAssistant);
  // What had steered it waits again, and has its own turn.
  const partial = known || !begun ? undefined : withoutSteering(event.partialAssistant, waitingIds);
  // A stopped or failed turn ended without a `finish`, so its answer looks interrupted: it stays as it is.
  const turnEnded = tail !== null && tail.boundary !== null && !tail.openTurn;
  if (partial && turnEnded) {
    return { chain: [...settled, partial], recoveredTurns: waiting, partialId: partial.id, anewId: null };
  }
  const answered = settled.at(-1);
  if (answered?.role === "user" && answered.id === head) return planAnswerAgain(settled, waiting, partial);
  const [first, ...rest] = waiting;
  // One message: it is answered anew and the partial goes. More: the first keeps what it got.
  if (!partial || !first || rest.length === 0) {
    const anewId = event.partialAssistant && !known && first ? first.id : null;
    return { chain: settled, recoveredTurns: waiting, partialId: null, anewId };
  }
  const kept = recovered(partial);
  return { chain: [...settled, first, kept], recoveredTurns: rest, partialId: partial.id, anewId: null };
}

const recovered = (partial: LongrunUIMessage): LongrunUIMessage => ({
  ...partial,
  metadata: { ...partial.metadata, recovered: true },
});

/**
 * The run died as it answered the last message of the history anew: an edited one, or one whose answer was to be
 * another. What asked for that is no message, and the runtime hands it out again after the messages that wait. So with
 * one of those the partial stays as the answer, and what asked for it is overtaken; without any it goes.
 */
function planAnswerAgain(
  settled: LongrunUIMessage[],
  waiting: LongrunUIMessage[],
  partial: LongrunUIMessage | undefined,
): RecoveryPlan {
  if (partial && waiting.length > 0) {
    const chain = [...settled, recovered(partial)];
    return { chain, recoveredTurns: waiting, partialId: partial.id, anewId: null };
  }
  const anewId = waiting.length === 0 ? (settled.at(-1)?.id ?? null) : null;
  return { chain: settled, recoveredTurns: waiting, partialId: null, anewId };
}

/**
 * Stores the history that the database does not have yet, the partial as one (the runtime's saves do not say so),
 * with the cursor that stands for it.
 */
async function keep(chatId: string, { chain, partialId }: RecoveryPlan): Promise<void> {
  const state = runState();
  const { stored, tail } = state;
  const unsaved = chain.filter((message) => !stored.has(message.id));
  const changes = unsavedOf(state, chain).map((change): TranscriptChange =>
    change.op === "put" ? { ...change, final: change.message.id !== partialId } : change,
  );
  const to = chain.at(-1)?.id ?? null;
  const ids = new Set(chain.map((message) => message.id));
  const settled = tail?.boundary && tail.settledIds.every((id) => ids.has(id));
  const cursors = settled ? { lastEventId: String(tail.boundary?.seqNum) } : {};
  try {
    const written = await retry(() => writeTranscript({ chatId, changes, head: { to }, cursors }));
    if (written) wereStored(state, unsaved, to);
  } catch {
    logger.warn("a recovered answer could not be stored yet; the next save repeats it", { chatId });
  }
}

/** Gives the partial that is kept the tool calls that it lacks the outcome of: the person sees them, the model reads them. */
async function showOpenCalls(chatId: string, plan: RecoveryPlan): Promise<void> {
  const calls = await takeBegunCalls(chatId);
  plan.chain = plan.chain.map((message) =>
    message.id === plan.partialId ? withCalls(message, calls) : message,
  );
}

/**
 * The run died in an answer that went on once the person had decided. It goes on from there again, with the results
 * that had reached the stream: the decision that asked for it is handed out anew, before the messages that wait.
 * Null when it was no such answer.
 */
function planGoingOn(
  event: RecoveryBootEvent<LongrunUIMessage>,
): RecoveryBootResult<LongrunUIMessage> | null {
  const { settledMessages, partialAssistant, inFlightUsers } = event;
  const last = settledMessages.at(-1);
  const decision = inFlightUsers.find((message) => message.role === "assistant" && message.id === last?.id);
  if (!last || !decision || (partialAssistant && partialAssistant.id !== last.id)) return null;
  const kept = partialAssistant ? withResultsOf(last, partialAssistant) : last;
  return {
    chain: [...settledMessages.slice(0, -1), kept],
    recoveredTurns: [decision, ...accepted(inFlightUsers)],
  };
}

/** What was withdrawn before its turn began is not asked for. Where that cannot be read, the turn's start finds out. */
async function withoutWithdrawn(
  event: RecoveryBootEvent<LongrunUIMessage>,
): Promise<RecoveryBootEvent<LongrunUIMessage>> {
  const { chatId, inFlightUsers } = event;
  const ids = inFlightUsers.map(({ id }) => id);
  const marks = await queueMarks(chatId, ids).catch(() => null);
  return {
    ...event,
    inFlightUsers: inFlightUsers.filter(({ id }) => marks?.get(id)?.state !== "withdrawn"),
  };
}

/** The agent's `onRecoveryBoot`. */
export async function recover(
  booted: RecoveryBootEvent<LongrunUIMessage>,
): Promise<RecoveryBootResult<LongrunUIMessage>> {
  const event = await withoutWithdrawn(booted);
  const goingOn = planGoingOn(event);
  if (goingOn) return goingOn;
  const state = runState();
  const plan = planRecovery(event, state.tail, state.head, state.stored);
  if (plan.partialId !== null) await showOpenCalls(event.chatId, plan);
  const { chain, recoveredTurns, partialId } = plan;
  state.recoveredId = plan.anewId;
  state.keptId = partialId;
  if (partialId === null) return { chain, recoveredTurns };
  return { chain, recoveredTurns, beforeBoot: () => keep(event.chatId, plan) };
}
