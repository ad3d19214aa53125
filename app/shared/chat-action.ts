import { z } from "zod";

/**
 * What a page may ask of the run besides an answer to a new message. It names a message of the chat and brings no
 * content: what is said in a chat comes from messages alone.
 */
export const chatActionSchema = z.discriminatedUnion("type", [
  /** Answer this message, with which the branch on screen ends, apart from an answer that it has already. */
  z.object({ type: z.literal("answer"), messageId: z.string().max(128) }),
  /** Nothing is to be done: whoever reads the stream learns that the chat was changed, and looks again. */
  z.object({ type: z.literal("look") }),
]);

export type ChatAction = z.infer<typeof chatActionSchema>;
