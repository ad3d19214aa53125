import { logger } from "@trigger.dev/sdk";
import type {
  TranscriptChangeset,
  TranscriptLoadOptions,
  TranscriptLoadResult,
  TranscriptScope,
  TranscriptStorage,
} from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import {
  readTranscript,
  writeTranscript,
  type Transcript,
  type TranscriptChange,
  type TranscriptWrite,
} from "#app/models/transcript.server.ts";
import { adoptBranch } from "#trigger/branch-sync.ts";
import { hasGoneOn } from "#trigger/gone-on.ts";
import { retry } from "#trigger/retry.ts";
import { runState, type RunState } from "#trigger/run-state.ts";
import { begunOnly, readStreamTail, type StreamTail } from "#trigger/stream-tail.ts";

/**
 * The cursor that stands for this changeset. After a kill between the turn-complete record and its save the
 * runtime takes the answer from the stream but keeps the old cursor: with the answer goes the newer cursor.
 */
function outCursor(changeset: TranscriptChangeset, tail: StreamTail | null): string | undefined {
  const given = changeset.cursors?.lastOutEventId;
  if (!tail?.boundary || tail.boundary.seqNum <= Number(given ?? -1)) return given;
  const ids = new Set(changeset.transcript.entries.map((entry) => entry.id));
  return tail.settledIds.every((id) => ids.has(id)) ? String(tail.boundary.seqNum) : given;
}

function toLoaded<M extends UIMessage>(read: Transcript): TranscriptLoadResult<M> {
  const { lastEventId, lastInEventId } = read.cursors;
  return {
    // The rows hold this agent's messages; the runtime's type parameter only names them.
    messages: read.messages.map((row) => row.message as UIMessage as M),
    state: read.state,
    nonFinalIds: read.messages.filter((row) => !row.final).map((row) => row.id),
    ...(read.nextCursor === undefined ? {} : { nextCursor: read.nextCursor }),
    cursors: {
      ...(lastEventId === null ? {} : { lastOutEventId: lastEventId }),
      ...(lastInEventId === null ? {} : { lastInEventId }),
    },
  };
}

/** The chat's rows as a transcript; a missing chat loads empty and is never written. */
export const transcriptStorage: TranscriptStorage = {
  async load<M extends UIMessage>({ chatId }: TranscriptScope, options?: TranscriptLoadOptions) {
    return toLoaded<M>(await readTranscript({ chatId, limit: options?.limit, before: options?.before }));
  },

  async save({ chatId }, { changes, cursors }) {
    const { lastOutEventId: lastEventId, lastInEventId } = cursors ?? {};
    await retry(() => writeTranscript({ chatId, changes, cursors: { lastEventId, lastInEventId } }));
  },
};

/**
 * What has to be written so that the database has the runtime's list as the branch on screen. The runtime says that
 * messages left its list, not why: they stay as a branch.
 */
function changesOf({ reason, changes, transcript: { entries } }: TranscriptChangeset): TranscriptChange[] {
  const state = runState();
  const { stored, unchanged } = state;
  const before = new Map(entries.map(({ id }, index) => [id, entries[index - 1]?.id ?? null]));
  return changes.flatMap((change): TranscriptChange[] => {
    if (change.op === "state") return [change];
    if (change.op !== "put" || unchanged.has(change.message) || isKeptPartial(state, change.message.id))
      return [];
    // The runtime begins this save before onTurnStart has looked which branch is on screen, and where it goes on.
    if (reason === "turn-start") return stored.has(change.message.id) ? [change] : [];
    return [{ ...change, parentId: before.get(change.message.id) ?? null }];
  });
}

/**
 * A partial that a run which was lost as well has kept: the runtime takes it from the stream once more, and for whole.
 * What is stored of it counts. And so it does of an answer that has gone on, until it is whole.
 */
const isKeptPartial = (state: RunState, id: string): boolean =>
  hasGoneOn(state, id) || (state.stored.has(id) && id !== state.goesOn?.id && begunOnly(state.tail).has(id));

async function saveBranch(chatId: string, changeset: TranscriptChangeset): Promise<void> {
  const state = runState();
  if (state.abandoned) return;
  const { reason, transcript, cursors } = changeset;
  const changes = changesOf(changeset);
  const atStart = reason === "turn-start";
  const to = transcript.entries.at(-1)?.id ?? null;
  const write: TranscriptWrite = { chatId, changes };
  if (!atStart) {
    write.head = { to, ...(state.head === undefined ? {} : { from: state.head }) };
    write.cursors = {
      lastEventId: outCursor(changeset, state.tail),
      // An action is saved before the turn that it asks for: a run that dies in that turn must be given it again.
      lastInEventId: reason === "action" ? undefined : cursors?.lastInEventId,
    };
  }
  if (atStart && changes.length === 0) return;
  if (!(await retry(() => writeTranscript(write)))) return;
  const written = changes.flatMap((change) => (change.op === "put" ? [change.message.id] : []));
  for (const id of written) state.stored.add(id);
  if (!atStart) state.head = to;
}

/** The newer of both, as decimal strings. */
function newer(stored: string | undefined, streamed: number | null | undefined): string | undefined {
  if (streamed === null || streamed === undefined) return stored;
  return stored === undefined || streamed > Number(stored) ? String(streamed) : stored;
}

async function tailOrNull(chatId: string, lastOutEventId: string | undefined): Promise<StreamTail | null> {
  try {
    return await readStreamTail(chatId, lastOutEventId);
  } catch {
    logger.warn("the end of the session's stream could not be read; its stored cursors are used", { chatId });
    return null;
  }
}

/**
 * The storage as the agent gets it. The runtime believes a stored `lastInEventId` before the stream, so a run
 * killed after its turn-complete record and before its save would have its message answered again: `load` gives
 * the newer of what is stored and what the newest turn-complete says.
 */
export const agentStorage: TranscriptStorage = {
  save: ({ chatId }, changeset) => saveBranch(chatId, changeset),
  async load<M extends UIMessage>(scope: TranscriptScope) {
    const state = runState();
    try {
      const read = await retry(() => readTranscript({ chatId: scope.chatId }));
      adoptBranch(state, read);
      const loaded = toLoaded<M>(read);
      const tail = await tailOrNull(scope.chatId, loaded.cursors?.lastOutEventId);
      state.tail = tail;
      const lastInEventId = newer(loaded.cursors?.lastInEventId, tail?.boundary?.inEventId);
      state.answeredThrough = lastInEventId;
      return {
        ...loaded,
        cursors: { ...loaded.cursors, ...(lastInEventId === undefined ? {} : { lastInEventId }) },
      };
    } catch (error) {
      // The runtime would go on from the stream's tail alone, and answer without knowing the conversation.
      state.loadFailed = true;
      throw error;
    }
  },
};
