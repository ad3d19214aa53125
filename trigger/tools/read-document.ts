import { tool } from "ai";
import { readVersion } from "#app/models/document.server.ts";
import { readDocumentInput, readDocumentOutput } from "#app/shared/document-tools.ts";
import { VisibleError } from "#trigger/model-error.ts";

export function readDocument({ chatId }: { chatId: string }) {
  return {
    sideEffect: false,
    ...tool({
      description: "Read a document of this chat as it is now, with what the person changed in it.",
      inputSchema: readDocumentInput,
      outputSchema: readDocumentOutput,
      execute: async ({ documentId, version }) => {
        const found = await readVersion({ chatId, documentId, version });
        if (!found)
          throw new VisibleError("There is no such document, or no such version of it, in this chat.");
        return found;
      },
    }),
  };
}
