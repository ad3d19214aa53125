import { apiClientManager } from "@trigger.dev/core/v3";
import { logger } from "@trigger.dev/sdk";
import { z } from "zod";
import { chatActionSchema } from "#app/shared/chat-action.ts";
import { type InputRecord, parseRecord } from "#app/shared/in-record.ts";
import { retry } from "#trigger/retry.ts";
import type { RunState } from "#trigger/run-state.ts";

/** The turn waits for this read. */
const GIVE_UP_MS = 2_000;

const askedSchema = z.object({
  kind: z.literal("message"),
  payload: z.looseObject({
    message: z.looseObject({ id: z.string() }).optional(),
    action: z.unknown().optional(),
  }),
});

/** The message that the record asks an answer to; null for one that asks for none. */
export function askedId(data: unknown): string | null {
  const { data: asked } = askedSchema.safeParse(parseRecord(data));
  if (!asked) return null;
  const action = chatActionSchema.safeParse(asked.payload.action).data;
  if (action) return action.type === "answer" ? action.messageId : null;
  return asked.payload.message?.id ?? null;
}

/**
 * What lay in `.in` without an answer when the run's first turn began, read once; null where it could not be read.
 * Never rejects.
 */
export function unreadInput(state: RunState): Promise<InputRecord[] | null> {
  return (state.unread ??= read(state));
}

async function read({ chatId, answeredThrough }: RunState): Promise<InputRecord[] | null> {
  if (!chatId) return null;
  try {
    const client = apiClientManager.clientOrThrow();
    const options = answeredThrough === undefined ? {} : { afterEventId: answeredThrough };
    return (await retry(() => client.readSessionStreamRecords(chatId, "in", options), GIVE_UP_MS)).records;
  } catch {
    logger.warn("the input that no run has answered could not be read", { chatId });
    return null;
  }
}

/**
 * Whether the run found the message, or what was decided about its calls, waiting when it booted. The runtime owes it a
 * turn that ends well: of one that throws, the input's cursor is held back for as long as the run lives, and with it
 * that of all that follows, which every page then takes for unanswered.
 */
export async function isOwed(state: RunState, messageId: string | undefined): Promise<boolean> {
  if (!state.continues) return false;
  const records = await unreadInput(state);
  return records === null || records.some(({ data }) => askedId(data) === messageId);
}
