import { z } from "zod";
import { attachmentIdOf, cleanFileName } from "#app/shared/attachment.ts";
import { MAX_MESSAGE_TEXT } from "#app/shared/chat-message.ts";
import { documentLanguage, documentOutput, readDocumentOutput } from "#app/shared/document-tools.ts";
import {
  documentAuthor,
  documentKind,
  MAX_DOCUMENT_TEXT,
  MAX_DOCUMENT_TITLE,
  MAX_DOCUMENTS,
  MAX_VERSIONS,
} from "#app/shared/documents.ts";
import { voteSchema } from "#app/shared/vote.ts";

/** A file of exported chats, as far as an import believes it. What is not named here is left out. */

const text = z.string().max(MAX_MESSAGE_TEXT);
const moment = z.iso.datetime().optional().catch(undefined);
const call = { toolCallId: z.string().min(1).max(200), input: z.unknown() };
const failed = { ...call, state: z.literal("output-error"), errorText: text };
const done = { ...call, state: z.literal("output-available") };
const approval = z.object({ id: z.string().max(200), approved: z.boolean(), reason: text.optional() });

const otherTool = z.string().regex(/^tool-(?!(write|edit|read)Document$)[A-Za-z][A-Za-z0-9_-]{0,63}$/);

/** A call that is over. One that waits, or runs, would go on here as if the owner had been asked. */
const pastCall = z.discriminatedUnion("state", [
  z.object({ ...done, type: otherTool, output: z.unknown() }),
  z.object({ ...failed, type: otherTool }),
  z.object({
    ...call,
    type: otherTool,
    state: z.literal("output-denied"),
    approval: approval.optional(),
  }),
]);

/** The same of the tools that write and read documents. Only those stay whose document is in the file too. */
const documentCall = z.union([
  z.object({ ...done, type: z.enum(["tool-writeDocument", "tool-editDocument"]), output: documentOutput }),
  z.object({ ...done, type: z.literal("tool-readDocument"), output: readDocumentOutput }),
  z.object({ ...failed, type: z.enum(["tool-writeDocument", "tool-editDocument", "tool-readDocument"]) }),
]);
type DocumentCall = z.infer<typeof documentCall>;

const spoken = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text }),
  z.object({ type: z.literal("reasoning"), text }),
  z.object({ type: z.literal("step-start") }),
]);

/** The address is no more than the name of an entry of `files`. */
const namedFile = z.object({
  type: z.literal("file"),
  url: z.string().max(200).catch(""),
  filename: z.string().max(400).default("a file").transform(cleanFileName),
});

const part = z.union([spoken, documentCall, pastCall, namedFile]);

const parts = z
  .array(z.unknown())
  .max(2_000)
  .transform((all) => all.flatMap((one) => part.safeParse(one).data ?? []));

const message = z.object({
  id: z.string().min(1).max(200),
  role: z.enum(["user", "assistant"]),
  parts,
  parentId: z.string().max(200).nullish(),
  vote: voteSchema.nullish().catch(null),
  createdAt: moment,
  metadata: z
    .object({ model: z.string().max(200).optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
export type ImportedMessage = z.infer<typeof message>;

const version = z.object({
  number: z.number().int(),
  title: z.string().min(1).max(MAX_DOCUMENT_TITLE),
  text: z.string().max(MAX_DOCUMENT_TEXT),
  author: documentAuthor,
  createdAt: moment,
});

const document = z.object({
  id: z
    .string()
    .regex(/^[1-9]\d{0,2}$/)
    .refine((id) => Number(id) <= MAX_DOCUMENTS),
  kind: documentKind,
  language: documentLanguage.nullish().transform((language) => language || null),
  createdAt: moment,
  versions: z
    .array(version)
    .min(1)
    .max(MAX_VERSIONS)
    .refine((all) => all.every(({ number }, index) => number === index + 1)),
});
export type ImportedDocument = z.infer<typeof document>;

const documents = z
  .array(z.unknown())
  .max(MAX_DOCUMENTS)
  .optional()
  .transform((all = []) => {
    const taken = all.flatMap((one) => document.safeParse(one).data ?? []);
    return [...new Map(taken.toReversed().map((one) => [one.id, one])).values()].toReversed();
  });

const chat = z
  .object({
    title: z.string().max(200).nullish(),
    headMessageId: z.string().max(200).nullish(),
    messages: z.array(message).min(1).max(10_000),
    documents,
  })
  .transform(({ messages, ...rest }) => {
    const versions = new Map(rest.documents.map((one) => [one.id, one.versions.length]));
    const leads = (one: ImportedMessage["parts"][number]): boolean =>
      !isDocumentCall(one) || namesNoneBut(versions, one);
    const told = messages.map((one) => ({ ...one, parts: one.parts.filter(leads) }));
    return { ...rest, messages: told };
  });
export type ImportedChat = z.infer<typeof chat>;

const isDocumentCall = (one: { type: string }): one is DocumentCall =>
  /^tool-(write|edit|read)Document$/.test(one.type);

/** `versions`: how many each document has, by its id. */
function namesNoneBut(versions: ReadonlyMap<string, number>, one: DocumentCall): boolean {
  if (one.state === "output-available") {
    const { documentId, version: number } = one.output;
    return number >= 1 && number <= (versions.get(documentId) ?? 0);
  }
  const named = failedInput.safeParse(one.input).data?.documentId;
  return named === undefined ? one.type === "tool-writeDocument" : versions.has(named);
}

const failedInput = z.object({ documentId: z.string().optional() });

const file = z.object({
  url: z.string().refine((url) => attachmentIdOf(url) !== null),
  name: z.string().max(400),
  base64: z.string(),
});
export type ImportedFile = z.infer<typeof file>;

/** What comes after so many is passed over. */
const MAX_IMPORTED_FILES = 2_000;

export const chatFileSchema = z.object({
  chats: z.array(chat).min(1).max(500),
  files: z
    .array(z.unknown())
    .optional()
    .catch([])
    .transform((all = []) =>
      all.slice(0, MAX_IMPORTED_FILES).flatMap((one) => file.safeParse(one).data ?? []),
    ),
});
