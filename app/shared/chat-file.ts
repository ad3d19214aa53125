import { z } from "zod";
import { MAX_MESSAGE_TEXT } from "#app/shared/chat-message.ts";

/** A file of exported chats, as far as an import believes it. What is not named here is left out. */

const text = z.string().max(MAX_MESSAGE_TEXT);
const call = {
  // Documents are rows of their own: what only refers to one would lead nowhere.
  type: z.string().regex(/^tool-(?!(write|edit|read)Document$)[A-Za-z][A-Za-z0-9_-]{0,63}$/),
  toolCallId: z.string().min(1).max(200),
  input: z.unknown(),
};
const approval = z.object({ id: z.string().max(200), approved: z.boolean(), reason: text.optional() });

/** A call that is over. One that waits, or runs, would go on here as if the owner had been asked. */
const pastCall = z.discriminatedUnion("state", [
  z.object({ ...call, state: z.literal("output-available"), output: z.unknown() }),
  z.object({ ...call, state: z.literal("output-error"), errorText: text }),
  z.object({ ...call, state: z.literal("output-denied"), approval: approval.optional() }),
]);
const spoken = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text }),
  z.object({ type: z.literal("reasoning"), text }),
  z.object({ type: z.literal("step-start") }),
]);
/** The bytes are not in it: its name is what is left. */
const file = z
  .object({ type: z.literal("file"), filename: z.string().max(400).default("a file") })
  .transform(({ filename }) => ({ type: "text" as const, text: `[Attached: ${filename}]` }));

const part = z.union([spoken, pastCall, file]);

const parts = z
  .array(z.unknown())
  .max(2_000)
  .transform((all) => all.flatMap((one) => part.safeParse(one).data ?? []));

const message = z.object({
  id: z.string().min(1).max(200),
  role: z.enum(["user", "assistant"]),
  parts,
  parentId: z.string().max(200).nullish(),
  createdAt: z.iso.datetime().optional().catch(undefined),
  metadata: z
    .object({ model: z.string().max(200).optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
export type ImportedMessage = z.infer<typeof message>;

const chat = z.object({
  title: z.string().max(200).nullish(),
  headMessageId: z.string().max(200).nullish(),
  messages: z.array(message).min(1).max(10_000),
});
export type ImportedChat = z.infer<typeof chat>;

export const chatFileSchema = z.object({ chats: z.array(chat).min(1).max(500) });
