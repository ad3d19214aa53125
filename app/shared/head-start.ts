import { z } from "zod";

/** Between a run and the web server that has asked its model ahead. */

/** The header with which a run says what it wants to ask. */
export const FINGERPRINT = "x-fingerprint";
/** The header by which it knows the web server. */
export const PROOF = "x-proof";
/** The trailer that says that the model server broke off. */
export const BROKEN = "x-broken";

/** How the model server's answer begins; in one line, before its bytes. */
export const headSchema = z.object({
  status: z.number().int(),
  statusText: z.string(),
  headers: z.record(z.string(), z.string()),
  /** How long ago it was asked. */
  agoMs: z.number(),
});

export type AnswerHead = z.infer<typeof headSchema>;
