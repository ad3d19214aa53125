import { z } from "zod";

/** Of one version; as a tool's input it must also fit into one record of the stream. */
export const MAX_DOCUMENT_TEXT = 100_000;
export const MAX_DOCUMENT_TITLE = 200;

/** So many in one chat, and of one document; what a person or a model needs is far below. */
export const MAX_DOCUMENTS = 500;
export const MAX_VERSIONS = 1_000;

export const documentKind = z.enum(["markdown", "html", "svg", "code"]);
export type DocumentKind = z.infer<typeof documentKind>;

export const documentAuthor = z.enum(["model", "person"]);
export type DocumentAuthor = z.infer<typeof documentAuthor>;

/** One version of a document as the page shows it, with what leads to the others. */
export const documentPageSchema = z.object({
  id: z.string(),
  kind: documentKind,
  language: z.string().nullable(),
  /** All versions, oldest first. */
  versions: z
    .array(
      z.object({
        number: z.number().int(),
        title: z.string(),
        author: documentAuthor,
        /** ISO 8601. */
        createdAt: z.string(),
      }),
    )
    .min(1),
  shown: z.object({ number: z.number().int(), title: z.string(), text: z.string() }),
  /** The text of the version before the shown one; null where that is the first. */
  previousText: z.string().nullable(),
});

export type DocumentPage = z.infer<typeof documentPageSchema>;

export const newestOf = ({ versions }: Pick<DocumentPage, "versions">): number =>
  versions.at(-1)?.number ?? 1;

/** What a person calls the kind of a document. */
export function kindName(kind: DocumentKind, language: string | null): string {
  if (kind === "code") return language ?? "Code";
  return { markdown: "Markdown", html: "Web page", svg: "Drawing" }[kind];
}

const addressOf = (chatId: string, documentId: string): string =>
  `/chats/${chatId}/documents/${encodeURIComponent(documentId)}`;

/** Where a version is read as JSON, and a new one is posted to. Without a number it is the newest. */
export const documentUrl = (chatId: string, documentId: string, version?: number): string =>
  addressOf(chatId, documentId) + (version === undefined ? "" : `?version=${version}`);

/** Where a version is a file to keep, or a page for a sandboxed frame. */
export const documentFileUrl = (
  chatId: string,
  documentId: string,
  as: "file" | "frame",
  version: number,
): string => `${addressOf(chatId, documentId)}/${as}?version=${version}`;
