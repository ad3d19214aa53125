import type { z } from "zod";
import type { DocumentOutcome } from "#app/models/document.server.ts";
import type { documentOutput } from "#app/shared/document-tools.ts";
import { VisibleError } from "#trigger/model-error.ts";

/** What the model is told of a version that was written. Throws a VisibleError where none was. */
export function writtenDocument(outcome: DocumentOutcome): z.infer<typeof documentOutput> {
  if (outcome === "no-chat") throw new VisibleError("This chat does not exist any more.");
  if (outcome === "no-document") throw new VisibleError("There is no document with this id in this chat.");
  if ("refused" in outcome) throw new VisibleError(outcome.refused);
  const { documentId, version, title, kind, language } = outcome;
  return { documentId, version, title, kind, language };
}
