import { tool } from "ai";
import type { z } from "zod";
import { addVersion } from "#app/models/document.server.ts";
import { documentOutput, editDocumentInput } from "#app/shared/document-tools.ts";
import { MAX_DOCUMENT_TEXT } from "#app/shared/documents.ts";
import { applyEdits } from "#trigger/tools/documents/apply-edits.ts";
import { writtenDocument } from "#trigger/tools/documents/written-document.ts";

type Input = z.infer<typeof editDocumentInput>;

const TOO_LONG = `Nothing was changed: a document holds at most ${MAX_DOCUMENT_TEXT} characters.`;

/** Changes places in a document's newest version. Known by its call's id: the same call again gives the same version. */
export function editDocument({ userId, chatId }: { userId: string; chatId: string }) {
  const execute = async (input: Input, { toolCallId }: { toolCallId: string }) => {
    const { documentId, edits } = input;
    const next = ({ title, text }: { title: string; text: string }) => {
      const edited = applyEdits(text, edits);
      if ("text" in edited && edited.text.length > MAX_DOCUMENT_TEXT) return { refused: TOO_LONG };
      return "refused" in edited ? edited : { title, text: edited.text };
    };
    const made = { userId, chatId, callId: toolCallId, given: input, author: "model" as const };
    return writtenDocument(await addVersion({ ...made, documentId, next }));
  };
  return {
    sideEffect: true,
    finish: (input: unknown, toolCallId: string) => execute(editDocumentInput.parse(input), { toolCallId }),
    ...tool({
      description:
        "Change places of a document by finding and replacing text, which makes its next version. All edits are made, " +
        "or none.",
      inputSchema: editDocumentInput,
      outputSchema: documentOutput,
      execute,
    }),
  };
}
