import { z } from "zod";

/** Chat ids are UUIDs, made by the client. */
export const chatIdSchema = z.uuid();

export function isChatId(value: unknown): value is string {
  return chatIdSchema.safeParse(value).success;
}
