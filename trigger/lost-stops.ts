import { type InputRecord, isStop } from "#app/shared/in-record.ts";
import type { RunState } from "#trigger/run-state.ts";
import { askedId, unreadInput } from "#trigger/unread-input.ts";

/**
 * Of what no turn has answered, the ids of what was stopped, in order. As in a run that lives, a stop ends the answer
 * that is being given, not what waits behind it. Stops up to `heard` have done that already; several in a row are one
 * that was asked for on several devices.
 */
export function stoppedOf(records: readonly InputRecord[], heard: number): string[] {
  const waiting: string[] = [];
  const stopped: string[] = [];
  let again = false;
  for (const { seqNum, data } of records) {
    const id = askedId(data);
    if (id !== null) waiting.push(id);
    const stops = seqNum > heard && isStop(data);
    if (stops && !again) stopped.push(...waiting.splice(0, 1));
    if (stops || id !== null) again = stops;
  }
  return stopped;
}

/**
 * Whether the message was stopped before this run came to it: the runtime hears a stop only in the turn that runs when
 * it comes, and one that came while no run was there, or was caught by the kill, is passed over for good. Where that
 * cannot be read the answer is given, and can be stopped again. Once: asked for again, it is answered. What was stopped
 * comes first, so with the first turn of anything else the rest is over too: its partial was kept, or it was withdrawn.
 */
export async function takeLostStop(state: RunState, messageId: string): Promise<boolean> {
  const stopped = (state.lostStops ??= stoppedOf(
    (await unreadInput(state)) ?? [],
    state.tail?.boundary?.heardEventId ?? -1,
  ));
  const at = stopped.indexOf(messageId);
  stopped.splice(0, at === -1 ? stopped.length : at + 1);
  return at !== -1;
}
