import { apiClientManager } from "@trigger.dev/core/v3";
import { logger } from "@trigger.dev/sdk";
import { z } from "zod";
import { chatActionSchema } from "#app/shared/chat-action.ts";
import { retry } from "#trigger/retry.ts";
import type { RunState } from "#trigger/run-state.ts";

/** The turn waits for this read. Where it fails, the answer is given: it can be stopped again. */
const GIVE_UP_MS = 2_000;

export type InputRecord = { seqNum: number; data: unknown };

const stopSchema = z.object({ kind: z.literal("stop") });
const askedSchema = z.object({
  kind: z.literal("message"),
  payload: z.looseObject({
    message: z.looseObject({ id: z.string() }).optional(),
    action: z.unknown().optional(),
  }),
});

/** The message that the record asks an answer to; null for one that asks for none. */
function askedId(data: unknown): string | null {
  const { data: asked } = askedSchema.safeParse(data);
  if (!asked) return null;
  const action = chatActionSchema.safeParse(asked.payload.action).data;
  if (action) return action.type === "answer" ? action.messageId : null;
  return asked.payload.message?.id ?? null;
}

function parsed(data: unknown): unknown {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

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
    const record = parsed(data);
    const id = askedId(record);
    if (id !== null) waiting.push(id);
    const isStop = stopSchema.safeParse(record).success && seqNum > heard;
    if (isStop && !again) stopped.push(...waiting.splice(0, 1));
    if (isStop || id !== null) again = isStop;
  }
  return stopped;
}

/**
 * The runtime hears a stop only in the turn that runs when it comes: one that came while no run was there, or was
 * caught by the kill, is passed over for good. Never rejects.
 */
export async function readLostStops({ chatId, answeredThrough, tail }: RunState): Promise<string[]> {
  if (!chatId) return [];
  try {
    const client = apiClientManager.clientOrThrow();
    const options = answeredThrough === undefined ? {} : { afterEventId: answeredThrough };
    const { records } = await retry(() => client.readSessionStreamRecords(chatId, "in", options), GIVE_UP_MS);
    return stoppedOf(records, tail?.boundary?.heardEventId ?? -1);
  } catch {
    logger.warn("the input could not be searched for stops that no run has heard", { chatId });
    return [];
  }
}

/**
 * Whether the message was stopped before this run came to it. Once: asked for again, it is answered. What was stopped
 * comes first, so with the first turn of anything else the rest is over too: its partial was kept, or it was withdrawn.
 */
export async function takeLostStop(state: RunState, messageId: string): Promise<boolean> {
  const stopped = await (state.lostStops ??= readLostStops(state));
  const at = stopped.indexOf(messageId);
  stopped.splice(0, at === -1 ? stopped.length : at + 1);
  return at !== -1;
}
