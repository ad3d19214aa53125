import { z } from "zod";
import type { AttachedFile } from "#app/shared/attachment.ts";
import { chatIdSchema } from "#app/shared/chat-id.ts";
import { MAX_MESSAGE_TEXT } from "#app/shared/chat-message.ts";

const anyText = z
  .string()
  // A form sends every line break as CR LF; what was typed has LF.
  .transform((value) => value.replace(/\r\n?/g, "\n"))
  .refine(
    (value) => value.length <= MAX_MESSAGE_TEXT,
    "This message is too long. Shorten it and send it again.",
  );

export const NOTHING_WRITTEN = "Write a message first.";

const text = anyText.refine((value) => value.trim() !== "", NOTHING_WRITTEN);

const messageSchema = z.object({ text, messageId: z.uuid().optional() });
/** With a file nothing has to be written. */
const fileMessageSchema = messageSchema.extend({ text: anyText });
const chatSchema = z.object({ chatId: chatIdSchema });

/** A form that came back with what was typed. */
export type ReturnedForm = { error: string; text: string; files?: AttachedFile[] };

type ParsedMessage = { ok: true; text: string; messageId: string } | ({ ok: false } & ReturnedForm);

/** The composer's form. The message id is made here where the form has none. */
export function parseMessageForm(form: FormData, hasFiles = false): ParsedMessage {
  const schema = hasFiles ? fileMessageSchema : messageSchema;
  const result = schema.safeParse(Object.fromEntries(form));
  if (result.success)
    return { ok: true, text: result.data.text, messageId: result.data.messageId ?? crypto.randomUUID() };
  const typed = form.get("text");
  const error = result.error.issues[0]?.message ?? "This message could not be read.";
  return { ok: false, error, text: typeof typed === "string" ? typed : "" };
}

/** The id that a new chat's form proposes; a fresh one where it has none that is a UUID. */
export function parseNewChatId(form: FormData): string {
  const result = chatSchema.safeParse(Object.fromEntries(form));
  return result.success ? result.data.chatId : crypto.randomUUID();
}
