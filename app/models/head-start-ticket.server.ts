import { z } from "zod";
import { decryptToken, encryptToken } from "#app/models/token-cipher.server.ts";

const ticketSchema = z.object({
  /** Where on this machine the web server waits that has asked ahead. */
  port: z.number().int().min(1).max(65535),
  /** Names the request, to whoever may have it. */
  id: z.string(),
  /** Only that web server knows it: another process may listen there since. */
  proof: z.string(),
});

export type HeadStartTicket = z.infer<typeof ticketSchema>;

const contextOf = (chatId: string) => `head-start/${chatId}`;

/** The ticket as it travels with the message: a browser that reads `.in` learns nothing from it, and can make none. */
export function sealTicket(ticket: HeadStartTicket, chatId: string): string {
  return encryptToken(JSON.stringify(ticket), contextOf(chatId));
}

/** What came with a message of this chat; null for anything that no web server of ours has sealed for it. */
export function openTicket(sealed: unknown, chatId: string): HeadStartTicket | null {
  const text = typeof sealed === "string" ? decryptToken(sealed, contextOf(chatId)) : null;
  return text === null ? null : ticketSchema.parse(JSON.parse(text));
}
