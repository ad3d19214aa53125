import { logger } from "@trigger.dev/sdk";
import type {
  TranscriptChange,
  TranscriptChangeset,
  TranscriptLoadOptions,
  TranscriptLoadResult,
  TranscriptScope,
  TranscriptStorage,
} from "@trigger.dev/sdk/ai";
import type { UIMessage } from "ai";
import { readTranscript, writeTranscript } from "#app/models/transcript.server.ts";
import { retry } from "#trigger/retry.ts";
import { runState } from "#trigger/run-state.ts";
import { readStreamTail, type StreamTail } from "#trigger/stream-tail.ts";

/** Keeps `stored` in step with what a successful write left in the database. */
function remember(stored: Set<string>, changes: TranscriptChange[], entries: { id: string }[]): void {
  for (const change of changes) if (change.op === "put") stored.add(change.message.id);
  if (changes.some((change) => change.op === "remove" || change.op === "truncateAfter")) {
    const left = new Set(entries.map((entry) => entry.id));
    for (const id of stored) if (!left.has(id)) stored.delete(id);
  }
}

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

/** The chat's rows as the agent's transcript; a missing chat loads empty and is never written. */
export const transcriptStorage: TranscriptStorage = {
  async load<M extends UIMessage>(
    { chatId }: TranscriptScope,
    options?: TranscriptLoadOptions,
  ): Promise<TranscriptLoadResult<M>> {
    const read = await readTranscript({ chatId, limit: options?.limit, before: options?.before });
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
  },

  async save({ chatId }, changeset) {
    const { stored, tail, abandoned } = runState();
    if (abandoned) return;
    const { changes } = changeset;
    const cursors = {
      lastEventId: outCursor(changeset, tail),
      lastInEventId: changeset.cursors?.lastInEventId,
    };
    const written = await retry(() => writeTranscript({ chatId, changes, cursors }));
    if (written) remember(stored, changes, changeset.transcript.entries);
  },
};

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
  save: transcriptStorage.save.bind(transcriptStorage),
  async load<M extends UIMessage>(scope: TranscriptScope, options?: TranscriptLoadOptions) {
    const state = runState();
    try {
      const loaded = await retry(() => transcriptStorage.load<M>(scope, options));
      const tail = await tailOrNull(scope.chatId, loaded.cursors?.lastOutEventId);
      state.tail = tail;
      state.stored = new Set(loaded.messages.map((message) => message.id));
      const lastInEventId = newer(loaded.cursors?.lastInEventId, tail?.boundary?.inEventId);
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
