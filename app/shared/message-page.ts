import { z } from "zod";
import { parseStoredUIMessage, type LongrunUIMessage } from "#app/shared/chat-message.ts";

/** Messages in the order of their branch, with what belongs to them. */
export type MessagePage = {
  messages: LongrunUIMessage[];
  /** Older ones come before the first. */
  earlier: boolean;
  /** Ids of answers that were cut short: stopped, failed, or ended by a crash. */
  partialIds: string[];
  /** Of each message that has others in its place: the ids of all of them, oldest first. */
  siblings: Record<string, readonly string[]>;
};

/** Older messages; `reached`: they begin with the message up to which they were asked for. */
export type EarlierMessages = MessagePage & { reached: boolean };

const schema = z.object({
  messages: z.array(z.unknown().transform(parseStoredUIMessage)),
  earlier: z.boolean(),
  partialIds: z.array(z.string()),
  siblings: z.record(z.string(), z.array(z.string())),
  reached: z.boolean(),
});

/** Checks what the web server answered. Throws when it is anything else. */
export const parseEarlierMessages = (json: unknown): EarlierMessages => schema.parse(json);
