import type { FileUIPart, TextUIPart } from "ai";

/** A file that was attached, as its owner may see it. `size` in bytes. */
export type AttachedFile = { id: string; name: string; mediaType: string; size: number };

/** What one may attach. Sizes in bytes. */
export type AttachmentLimits = { file: number; message: number };

/** Why no file can be attached here at all, and otherwise how large files may be. */
export type AttachmentOffer = { limits: AttachmentLimits; refused: string | null };

export const MAX_FILES = 10;
const MAX_NAME = 120;

const ADDRESS = /^\/attachments\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Where a file is served; in a message it stands for the file. */
export const attachmentUrl = (id: string): string => `/attachments/${id}`;

/** The id of the file that such an address names; null for every other address. */
export const attachmentIdOf = (url: string): string | null => ADDRESS.exec(url)?.[1] ?? null;

/** The ids of the files of a message, each once. */
export function attachedIds({ parts }: { parts: readonly { type: string }[] }): string[] {
  const ids = parts.flatMap((part) => {
    const url: unknown = part.type === "file" && "url" in part ? part.url : undefined;
    const id = typeof url === "string" ? attachmentIdOf(url) : null;
    return id === null ? [] : [id];
  });
  return [...new Set(ids)];
}

/** The part of a message that stands for a file. */
function filePart({ id, name, mediaType }: Omit<AttachedFile, "size">): FileUIPart {
  return { type: "file", mediaType, filename: name, url: attachmentUrl(id) };
}

/** What a message holds: its files, then its text. */
export function messageParts(text: string, files: readonly AttachedFile[]): (FileUIPart | TextUIPart)[] {
  const words: TextUIPart[] = text.trim() === "" && files.length > 0 ? [] : [{ type: "text", text }];
  return [...files.map(filePart), ...words];
}

/** Characters that would hide or turn what is read, and those that no file name has. */
const UNREADABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name as it is stored and shown: without folders and invisible characters, not too long. */
export function cleanFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const readable = last.replace(UNREADABLE, "").trim();
  if (readable.length <= MAX_NAME) return readable || "file";
  const ending = /\.[^.]{1,12}$/.exec(readable)?.[0] ?? "";
  // The cut may go through a character of two units.
  return `${readable.slice(0, MAX_NAME - ending.length - 1).replace(UNREADABLE, "")}…${ending}`;
}

export const isImage = (mediaType: string): boolean => mediaType.startsWith("image/");

/** Such as `12 KB` or `3.4 MB`. */
export function readableSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 999_500) return `${Math.round(bytes / 1_000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1).replace(/\.0$/, "")} MB`;
}

/** Why these files cannot be one message's; null when they can. */
export function tooMuch(files: readonly { size: number }[], limits: AttachmentLimits): string | null {
  if (files.length > MAX_FILES)
    return `A message takes at most ${MAX_FILES} files. Send the others with the next one.`;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size <= limits.message) return null;
  return `The files of one message may have ${readableSize(limits.message)} together; these have ${readableSize(size)}.`;
}

export const tooLarge = (name: string, limits: AttachmentLimits): string =>
  `“${name}” is too large: a file may have ${readableSize(limits.file)}.`;
