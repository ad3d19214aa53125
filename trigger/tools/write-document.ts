import { tool } from "ai";
import type { z } from "zod";
import { addVersion, createDocument, type DocumentOutcome } from "#app/models/document.server.ts";
import { documentOutput, writeDocumentInput } from "#app/shared/document-tools.ts";
import { writtenDocument } from "#trigger/tools/documents/written-document.ts";

type Input = z.infer<typeof writeDocumentInput>;
type Chat = { userId: string; chatId: string };

function write(chat: Chat, callId: string, input: Input): Promise<DocumentOutcome> {
  const { documentId, title, kind, language, text } = input;
  const made = { ...chat, callId, given: input, author: "model" as const };
  if (!documentId) return createDocument({ ...made, kind, language: language || null, title, text });
  const next = (newest: { kind: string }) =>
    newest.kind === kind
      ? { title, text }
      : { refused: `This document is of the kind ${newest.kind}, which stays. Begin a new one instead.` };
  return addVersion({ ...made, documentId, next });
}

/** A new document, or the whole of one anew. Known by its call's id: the same call again gives the same version. */
export function writeDocument({ userId, chatId }: Chat) {
  const execute = async (input: Input, { toolCallId }: { toolCallId: string }) =>
    writtenDocument(await write({ userId, chatId }, toolCallId, input));
  return {
    sideEffect: true,
    finish: (input: unknown, toolCallId: string) => execute(writeDocumentInput.parse(input), { toolCallId }),
    ...tool({
      description:
        "Write a document that the person sees beside the chat: a text to keep or to go on working on, a web page, a " +
        "drawing (svg), a program. Not for short answers. For a small change of a long one use editDocument.",
      inputSchema: writeDocumentInput,
      outputSchema: documentOutput,
      execute,
    }),
  };
}
