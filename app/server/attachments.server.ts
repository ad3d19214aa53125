import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { createReadableStreamFromReadable } from "@remix-run/node";
import { fileStore, incomingFolder } from "#app/attachments/file-stores.server.ts";
import { FileRefused, receiveFile } from "#app/attachments/receive-file.server.ts";
import type { FileStore } from "#app/attachments/file-store.ts";
import { env } from "#app/env.server.ts";
import {
  attachmentOwner,
  attachmentsOf,
  createAttachment,
  deleteStray,
} from "#app/models/attachment.server.ts";
import { audit } from "#app/server/audit-log.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import {
  type AttachedFile,
  type AttachmentLimits,
  type AttachmentOffer,
  cleanFileName,
  isImage,
  readableSize,
  tooLarge,
} from "#app/shared/attachment.ts";

const ELSEWHERE =
  "Files cannot be attached here yet: answers are made on another machine, which cannot read them. Whoever runs this server can set S3_ENDPOINT and S3_BUCKET.";
const UNSTORED = "The file could not be stored. Try again in a moment.";

export function attachmentLimits(): AttachmentLimits {
  const { ATTACHMENT_FILE_MB: file, ATTACHMENT_MESSAGE_MB: message } = env();
  return { file: Math.min(file, message), message };
}

/** What the page tells before anything is attached. */
export function attachmentOffer(): AttachmentOffer {
  return { limits: attachmentLimits(), refused: fileStore() ? null : ELSEWHERE };
}

/** A file that was not stored: the answer's status and what the person is told. */
export class UploadFailed extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** All of the room that one account has is taken. */
export class AccountFull extends UploadFailed {}

/**
 * Stores a file that arrives, under a name of our own. Throws UploadFailed, and then nothing of it is left. The source
 * is read to its end.
 */
export async function storeUpload(
  userId: string,
  givenName: string,
  source: AsyncIterable<Uint8Array>,
): Promise<AttachedFile> {
  const store = fileStore();
  if (!store) throw new UploadFailed(503, ELSEWHERE);
  const most = env().ATTACHMENT_USER_MB;
  const name = cleanFileName(givenName);
  const limits = attachmentLimits();
  try {
    const received = await receiveFile(source, {
      name,
      folder: incomingFolder(),
      most: limits.file,
      tooLarge: tooLarge(name, limits),
    });
    try {
      const { sha256, size, mediaType } = received;
      const file = { id: randomUUID(), name, mediaType, size };
      if (!(await createAttachment({ ...file, sha256, userId }, most))) throw full(most);
      await store.put(file.id, received).catch((error: unknown) => giveUp(store, file.id, error));
      log("info", "attachment.stored", { userId, attachmentId: file.id, mediaType, size });
      return file;
    } finally {
      await rm(received.path, { force: true });
    }
  } catch (error) {
    if (error instanceof UploadFailed) throw error;
    if (error instanceof FileRefused) throw new UploadFailed(error.status, error.message);
    log("error", "attachment-failed", { userId, ...describeError(error) });
    throw new UploadFailed(503, UNSTORED);
  }
}

const full = (most: number): AccountFull =>
  new AccountFull(
    413,
    `Your files take up all of the ${readableSize(most)} that one account has. Delete chats with files that you no longer need.`,
  );

async function giveUp(store: FileStore, id: string, error: unknown): Promise<never> {
  await deleteStray(id, (key) => store.remove(key)).catch(() => undefined);
  throw error;
}

/** The bytes of one's own file, as a page or its owner may have them; null when it is not there. */
export async function attachmentResponse(userId: string, id: string): Promise<Response | null> {
  const [file] = await attachmentsOf(userId, [id]);
  const bytes = file && (await fileStore()?.open(id));
  if (!file || !bytes) {
    await auditForeignAttachment(userId, id);
    return null;
  }
  return new Response(createReadableStreamFromReadable(bytes), { headers: headersOf(file) });
}

function headersOf({
  name,
  mediaType,
  size,
  sha256,
}: AttachedFile & { sha256: string }): Record<string, string> {
  const disposition = isImage(mediaType) ? "inline" : "attachment";
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  return {
    "Content-Type": mediaType === "text/plain" ? "text/plain; charset=utf-8" : mediaType,
    "Content-Length": String(size),
    "Content-Disposition": `${disposition}; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, hex)}`,
    // Whatever it holds, it runs nothing and loads nothing. `nosniff` is on every answer of this server.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    // Kept by this browser alone, and shown again only after the owner was checked again.
    "Cache-Control": "private, no-cache",
    ETag: `"${sha256}"`,
  };
}

const hex = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;

/** The answer must not tell a foreign file from a missing one. */
async function auditForeignAttachment(userId: string, id: string): Promise<void> {
  const owner = await attachmentOwner(id);
  if (owner !== null && owner !== userId) audit("denied", "attachment-access", { userId, attachmentId: id });
}

/** Deletes one's own file that was not sent. "missing": it is not there, or a message refers to it. */
export async function removeAttachment(userId: string, id: string): Promise<"removed" | "missing"> {
  const [file] = await attachmentsOf(userId, [id]);
  if (!file) {
    await auditForeignAttachment(userId, id);
    return "missing";
  }
  return (await dropStray([id])) > 0 ? "removed" : "missing";
}

/**
 * Deletes those of these files that no message refers to; answers how many. One that cannot be deleted now is swept
 * up later.
 */
export async function dropStray(ids: readonly string[]): Promise<number> {
  const store = fileStore();
  if (!store) return 0;
  let dropped = 0;
  for (const id of ids) {
    try {
      if (await deleteStray(id, (key) => store.remove(key))) dropped += 1;
    } catch (error) {
      log("error", "attachment-not-deleted", { attachmentId: id, ...describeError(error) });
    }
  }
  return dropped;
}

/** All bytes of a file, for an export; null when they are not there. */
export async function attachmentBytes(id: string): Promise<Buffer | null> {
  const bytes = await fileStore()?.open(id);
  if (!bytes) return null;
  return Buffer.concat(await Readable.from(bytes).toArray());
}
