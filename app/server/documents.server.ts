import { z } from "zod";
import { addVersion } from "#app/models/document.server.ts";
import { documentPage, type DocumentPlace } from "#app/models/document-page.server.ts";
import { tellOthers } from "#app/server/branch-chat.server.ts";
import { MAX_DOCUMENT_TEXT, MAX_DOCUMENT_TITLE, type DocumentPage } from "#app/shared/documents.ts";

type Chat = { userId: string; chatId: string };

const version = z.coerce.number().int().min(1).max(1_000_000);
const name = z.string().min(1).max(200);

/** `?version=` of an address; undefined where it names none. */
export function versionOf(url: string): number | undefined {
  return version.safeParse(new URL(url).searchParams.get("version") ?? undefined).data;
}

/** Which document the address of a chat's page opens beside it; null: none. */
function placeOf(url: string): DocumentPlace | null {
  const { searchParams } = new URL(url);
  const documentId = name.safeParse(searchParams.get("document")).data;
  if (documentId) return { documentId, version: versionOf(url) };
  const callId = name.safeParse(searchParams.get("call")).data;
  return callId ? { callId } : null;
}

/** The document that a chat's page opens with; null where it opens with none, or there is no such document. */
export async function documentBeside(chat: Chat, url: string): Promise<DocumentPage | null> {
  const place = placeOf(url);
  return place && (await documentPage({ ...chat, place }));
}

const editForm = z.object({
  editId: z.string().min(1).max(100),
  base: version,
  title: z.string().trim().min(1).max(MAX_DOCUMENT_TITLE),
  // Forms send each line break as two characters.
  text: z
    .string()
    .transform((text) => text.replaceAll("\r\n", "\n"))
    .pipe(z.string().min(1).max(MAX_DOCUMENT_TEXT)),
});

const NOT_TAKEN = `Give it a title, and a text of at most ${MAX_DOCUMENT_TEXT.toLocaleString("en")} characters.`;
const CHANGED =
  "This document was changed in the meantime. Look at its newest version, and save again to put yours after it.";

/** `newest`: what was written meanwhile. */
export type SavedDocument = { page: DocumentPage } | { status: number; error: string; newest?: DocumentPage };

/** A version by the person, after the one that they began from. The same form again makes no second one. */
export async function saveDocument(
  chat: Chat & { documentId: string },
  form: FormData,
): Promise<SavedDocument> {
  const given = editForm.safeParse(Object.fromEntries(form));
  if (!given.success) return { status: 400, error: NOT_TAKEN };
  const { editId, base, title, text } = given.data;
  const { chatId, documentId, userId } = chat;
  const outcome = await addVersion({
    userId,
    chatId,
    documentId,
    callId: editId,
    given: { documentId, title, text },
    author: "person",
    next: (newest) => (newest.version === base ? { title, text } : { refused: CHANGED }),
  });
  if (outcome === "no-chat" || outcome === "no-document")
    return { status: 404, error: "There is no such document." };
  if ("refused" in outcome) {
    const now = await documentPage({ userId, chatId, place: { documentId } });
    return { status: 409, error: outcome.refused, ...(now ? { newest: now } : {}) };
  }
  const page = await documentPage({ userId, chatId, place: { documentId, version: outcome.version } });
  if (!page) return { status: 404, error: "There is no such document." };
  await tellOthers(chatId);
  return { page };
}
