import type { UIMessage } from "ai";
import { z } from "zod";
import { attachedIds, attachmentIdOf, cleanFileName, MAX_FILES } from "#app/shared/attachment.ts";
import type { ChatTools } from "#app/shared/chat-tools.ts";

/** What an answer tells about itself. Times are ISO 8601 in UTC, durations milliseconds. */
const messageMetadataSchema = z.object({
  /** `provider:model`. */
  model: z.string().optional(),
  createdAt: z.string().optional(),
  runId: z.string().optional(),
  /** Version of the task code that answered, as the Trigger API numbers it: `YYYYMMDD.n`. */
  version: z.string().optional(),
  /** Attempt of the run, from 1. */
  attempt: z.number().int().optional(),
  /** From the start of the model call to its first text, reasoning or tool call. */
  firstTokenMs: z.number().optional(),
  durationMs: z.number().optional(),
  /** The web server asked the model ahead, and the run took that answer over. */
  headStart: z.boolean().optional(),
  /** Left out where the provider does not say. */
  inputTokens: z.number().int().optional(),
  outputTokens: z.number().int().optional(),
  /** Of the tokens in, those that the provider had in its cache. */
  cachedTokens: z.number().int().optional(),
  /** Millionths of a US dollar for all calls of this answer; null where one has no known price. */
  costMicros: z.number().int().nullable().optional(),
  /** How long each thought took, in the order of the reasoning parts. */
  reasoningMs: z.array(z.number()).optional(),
  finishReason: z.string().optional(),
  /** The answer is a new one: the run that began it was lost, and what it had written with it. */
  recovered: z.boolean().optional(),
  /** Of the person's side: it came in a file, so that nobody knows who wrote it. */
  imported: z.boolean().optional(),
  /** Names of attached files that the model was not given: it does not take them. */
  unread: z.array(z.string()).optional(),
  /** The model was told a summary of the beginning, up to and with this message. */
  summary: z.object({ throughId: z.string(), messages: z.number().int() }).optional(),
  /** What a second look at the answer before told this one to mind. */
  minded: z.string().optional(),
  /** What the person decided about calls that needed it, by the call's id. */
  decisions: z
    .record(z.string(), z.object({ approved: z.boolean(), reason: z.string().optional() }))
    .optional(),
});

export type MessageMetadata = z.infer<typeof messageMetadataSchema>;

/** Data parts of an answer. `error` is kept in the history: why the answer is missing or incomplete. */
type ChatDataParts = { error: { text: string } };

export type LongrunUIMessage = UIMessage<MessageMetadata, ChatDataParts, ChatTools>;

/** A row of the history. `final` is false while the answer is partial: stopped, failed or cut off by a crash. */
export type StoredMessage = {
  id: string;
  position: number;
  final: boolean;
  createdAt: Date;
  message: LongrunUIMessage;
};

const storedUIMessage = z.looseObject({
  id: z.string(),
  role: z.enum(["system", "user", "assistant"]),
  parts: z.array(z.looseObject({ type: z.string() })),
});

/** Checks JSON that was read back from the database. Throws when it has not the shape of a message. */
export function parseStoredUIMessage(json: unknown): LongrunUIMessage {
  // The parts were typed when they were written; what a reader needs to rely on is the outer shape.
  return storedUIMessage.parse(json) as unknown as LongrunUIMessage;
}

export const MAX_MESSAGE_TEXT = 200_000;
const MAX_MESSAGE_PARTS = 32;
const MAX_MESSAGE_ID = 128;

const textPart = z.object({ type: z.literal("text"), text: z.string().max(MAX_MESSAGE_TEXT) });

/** What a person may send. Everything else that a browser writes into a message is dropped, unread. */
const submittedMessageSchema = z.object({
  id: z
    .string()
    .min(1)
    .max(MAX_MESSAGE_ID)
    .regex(/^\P{Cc}+$/u),
  role: z.literal("user"),
  parts: z.array(z.unknown()).max(MAX_MESSAGE_PARTS),
});

/** What is said of the file is looked up before anything believes it. */
const attachedPart = z.object({
  type: z.literal("file"),
  url: z.string().refine((url) => attachmentIdOf(url) !== null),
  filename: z.string().max(400).transform(cleanFileName).optional(),
  mediaType: z
    .string()
    .max(100)
    .regex(/^[a-z]+\/[a-z0-9.+-]+$/),
});

const acceptedPart = z.union([textPart, attachedPart]);

/**
 * The message as it may enter the conversation: role user, text and attached files alone, not empty, at most
 * MAX_MESSAGE_TEXT characters in all. Null for anything else. Whose files they are is not known here.
 */
export function acceptSubmitted(message: unknown): LongrunUIMessage | null {
  const outer = submittedMessageSchema.safeParse(message);
  if (!outer.success) return null;
  const parts = outer.data.parts.flatMap((part) => {
    const accepted = acceptedPart.safeParse(part);
    return accepted.success ? [accepted.data] : [];
  });
  const { length } = messageText({ parts });
  const files = attachedIds({ parts });
  const blank = files.length === 0 && messageText({ parts }).trim() === "";
  if (blank || length > MAX_MESSAGE_TEXT || files.length > MAX_FILES) return null;
  return { id: outer.data.id, role: "user", parts };
}

/** All text parts of a message, one after the other. */
export function messageText(message: Pick<LongrunUIMessage, "parts">): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Whether a beginning of an answer holds anything: a word, a thought, a tool call; opened parts alone do not count. */
export function saysSomething({ parts }: Pick<UIMessage, "parts">): boolean {
  return parts.some((part) =>
    part.type === "text" || part.type === "reasoning" ? part.text.trim() !== "" : part.type !== "step-start",
  );
}

/** Whether an answer is no more than the sentence that says why it failed. */
export function holdsNothing({ parts }: Pick<UIMessage, "parts">): boolean {
  return !saysSomething({ parts: parts.filter((part) => part.type !== "data-error") });
}

/** The sentence that says why an answer failed, or null when it did not. */
export function messageError(message: Pick<LongrunUIMessage, "parts">): string | null {
  const part = message.parts.find((candidate) => candidate.type === "data-error");
  return part?.type === "data-error" ? part.data.text : null;
}
