import { chat } from "@trigger.dev/sdk/ai";
import { readBranch } from "#app/models/branch.server.ts";
import type { TranscriptChange } from "#app/models/transcript.server.ts";
import type { LongrunUIMessage, StoredMessage } from "#app/shared/chat-message.ts";
import { retry } from "#trigger/retry.ts";
import type { RunState } from "#trigger/run-state.ts";
import { begunOnly } from "#trigger/stream-tail.ts";

/** From now on the run's history is this branch, as the database has it. */
export function adoptBranch(
  state: RunState,
  branch: { messages: StoredMessage[]; head: string | null },
): LongrunUIMessage[] {
  const messages = branch.messages.map((row) => row.message);
  state.head = branch.head;
  state.stored = new Set(messages.map((message) => message.id));
  for (const message of messages) state.unchanged.add(message);
  return messages;
}

/** For a chat's first run, which is given no history: a chat that was forked has one. */
export async function readEmptyBranch(state: RunState, chatId: string): Promise<void> {
  if (state.head !== undefined) return;
  const branch = await readBranch(chatId).catch(() => null);
  // One that is not empty is read when the first turn begins.
  if (branch?.head === null) state.head = null;
}

/**
 * The history that a turn goes on from: the branch on screen with what the turn brings. Costs nothing while the
 * database still ends where this run believes.
 */
export async function followScreen(
  state: RunState,
  chatId: string,
  messages: LongrunUIMessage[],
  storedHead: string | null,
): Promise<LongrunUIMessage[]> {
  if ((storedHead || null) === state.head) return messages;
  const branch = await retry(() => readBranch(chatId));
  if (!branch) return messages;
  const asked = messages.filter((message) => message.role === "user" && !state.stored.has(message.id));
  const history = adoptBranch(state, branch);
  const list = [...history, ...asked.filter((message) => !state.stored.has(message.id))];
  chat.history.set(list);
  return list;
}

type Begun = Pick<RunState, "tail"> & { stored: ReadonlySet<string>; keptId?: string | null };

/** The history without answers that a lost run had begun, and that were answered anew or will be. */
export const withoutBegun = (
  { tail, stored, keptId }: Begun,
  messages: readonly LongrunUIMessage[],
): LongrunUIMessage[] => {
  const begun = begunOnly(tail);
  return messages.filter(({ id }) => !begun.has(id) || stored.has(id) || id === keptId);
};

/** The same for the history of a turn. Only a run's first turn finds any. */
export function withoutOrphans(state: RunState, messages: LongrunUIMessage[]): LongrunUIMessage[] {
  if (state.soughtOrphans) return messages;
  state.soughtOrphans = true;
  // That turn is over, and what it has called is told in its answer.
  if (messages.some(({ id }) => id === state.tail?.finishedId)) state.tail?.calls.splice(0);
  const list = withoutBegun(state, messages);
  if (list.length === messages.length) return messages;
  // One whose turn has ended has its answer; what is asked now had none.
  if (state.tail?.openTurn && state.tail.finishedId === null) state.recoveredId = list.at(-1)?.id ?? null;
  chat.history.set(list);
  return list;
}

/** What has to be written so that the database has `messages` as a branch: each with the one before it. */
export function unsavedOf(state: RunState, messages: LongrunUIMessage[]): TranscriptChange[] {
  return messages.flatMap((message, index) => {
    if (state.stored.has(message.id)) return [];
    return [{ op: "put" as const, message, parentId: messages[index - 1]?.id ?? null }];
  });
}

/** The database has these messages now, and the branch ends with `head`. */
export function wereStored(state: RunState, messages: LongrunUIMessage[], head: string | null): void {
  for (const message of messages) {
    state.stored.add(message.id);
    state.unchanged.add(message);
  }
  state.head = head;
}
