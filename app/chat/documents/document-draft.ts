import { z } from "zod";
import { dropDraft, keepDraft, readDraft } from "#app/chat/drafts.ts";

/** What a person has typed into a document and not saved. */
export type DocumentDraft = {
  /** The version that it begins from; null: not known, of a draft that was kept before this was. */
  base: number | null;
  /** Null: not known either. */
  title: string | null;
  text: string;
};

const kept = z.strictObject({
  base: z.number().int().min(1).nullable(),
  title: z.string().nullable(),
  text: z.string(),
});

const nameOf = (chatId: string, documentId: string): string => `${chatId}.document.${documentId}`;

/** Null: nothing was typed, or it was saved or discarded. */
export function readDocumentDraft(chatId: string, documentId: string): DocumentDraft | null {
  const stored = readDraft(nameOf(chatId, documentId));
  if (stored === "") return null;
  return parsed(stored) ?? { base: null, title: null, text: stored };
}

function parsed(stored: string): DocumentDraft | undefined {
  try {
    return kept.safeParse(JSON.parse(stored)).data;
  } catch {
    // The text alone, as drafts once were.
    return undefined;
  }
}

export function keepDocumentDraft(chatId: string, documentId: string, draft: DocumentDraft): void {
  keepDraft(nameOf(chatId, documentId), JSON.stringify(draft));
}

export function dropDocumentDraft(chatId: string, documentId: string): void {
  dropDraft(nameOf(chatId, documentId));
}
