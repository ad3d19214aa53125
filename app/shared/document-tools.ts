import { z } from "zod";
import {
  documentAuthor,
  documentKind,
  MAX_DOCUMENT_TEXT,
  MAX_DOCUMENT_TITLE,
} from "#app/shared/documents.ts";

/** What the tools that write and read documents take and give. The executes are in `trigger/tools/`. */
const documentId = z.string().max(40);

const title = z.string().min(1).max(MAX_DOCUMENT_TITLE);

/** Of code: what a person calls its language. */
export const documentLanguage = z
  .string()
  .max(40)
  .regex(/^[\p{L}\p{N}+#._-]*$/u);

/** The text comes last, so that all else is known while it is written. */
export const writeDocumentInput = z.object({
  documentId: documentId
    .optional()
    .describe("The document to write anew, as its next version. Leave it out to begin a new document."),
  title,
  kind: documentKind.describe(
    "html is one self-contained page: its scripts and styles stand in it, and it reaches no network.",
  ),
  language: documentLanguage.optional().describe("Of code: the name of the language, such as python."),
  text: z
    .string()
    .min(1)
    .max(MAX_DOCUMENT_TEXT)
    .describe("The whole document, without a code fence around it."),
});

export const editDocumentInput = z.object({
  documentId,
  edits: z
    .array(
      z.object({
        find: z
          .string()
          .min(1)
          .max(20_000)
          .describe("Text exactly as it stands in the newest version, long enough to occur there once."),
        replace: z.string().max(MAX_DOCUMENT_TEXT),
      }),
    )
    .min(1)
    .max(50),
});

export const documentOutput = z.object({
  documentId: z.string(),
  version: z.number().int(),
  title: z.string(),
  kind: documentKind,
  language: z.string().nullable(),
});

export const readDocumentInput = z.object({
  documentId,
  version: z.number().int().min(1).optional().describe("Leave it out for the newest."),
});

export const readDocumentOutput = documentOutput.extend({ author: documentAuthor, text: z.string() });

type Call<I extends z.ZodType, O extends z.ZodType> = { input: z.infer<I>; output: z.infer<O> };

export type DocumentTools = {
  writeDocument: Call<typeof writeDocumentInput, typeof documentOutput>;
  editDocument: Call<typeof editDocumentInput, typeof documentOutput>;
  readDocument: Call<typeof readDocumentInput, typeof readDocumentOutput>;
};
