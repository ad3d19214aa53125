import { unstable_parseMultipartFormData as parseMultipart } from "@remix-run/node";
import { attachmentsOf } from "#app/models/attachment.server.ts";
import { attachmentLimits, storeUpload, UploadFailed } from "#app/server/attachments.server.ts";
import { readForm, storableForm } from "#app/server/read-form.server.ts";
import { type AttachedFile, MAX_FILES, tooMuch } from "#app/shared/attachment.ts";

/** The field of the files that a form without scripts brings along, and the field of files that are stored already. */
const FILES = "files";
const ATTACHED = "attachment";
const MAX_FIELD = 1_048_576;

/** A form with its files: those that it names or brought, and why others are not among them. */
export type FormWithFiles = { form: FormData; files: AttachedFile[]; problem: string | null };

/** Reads a form that may bring files along; each is stored as it arrives. Throws a 400 where the body is no form. */
export async function readFormWithFiles(request: Request, userId: string): Promise<FormWithFiles> {
  const brought: AttachedFile[] = [];
  let problem: string | null = null;
  const form = await (isMultipart(request) ? readParts() : readForm(request));
  const ids = form.getAll(ATTACHED).filter((id) => typeof id === "string");
  const known = await attachmentsOf(userId, [...new Set(ids)].slice(0, MAX_FILES + 1));
  if (known.length < new Set(ids).size) problem ??= GONE;
  const files = [...known, ...brought].map(({ id, name, mediaType, size }) => ({
    id,
    name,
    mediaType,
    size,
  }));
  problem ??= tooMuch(files, attachmentLimits());
  return { form, files, problem };

  async function readParts(): Promise<FormData> {
    try {
      const parts = await parseMultipart(request, async ({ name, filename, data }) => {
        if (filename === undefined) return await textOf(data);
        await takeFile(name, filename, data);
        return undefined;
      });
      return storableForm(parts);
    } catch {
      throw new Response("This form could not be read. Reload the page, and send it again.", { status: 400 });
    }
  }

  async function takeFile(field: string, filename: string, data: AsyncIterable<Uint8Array>): Promise<void> {
    // An empty field for files comes as one file without a name.
    const taken = field === FILES && filename !== "" && brought.length <= MAX_FILES;
    try {
      if (taken) brought.push(await storeUpload(userId, filename, data));
    } catch (error) {
      if (!(error instanceof UploadFailed)) throw error;
      problem ??= error.message;
    }
    for await (const _rest of data);
  }
}

const GONE = "A file that was attached is not there any more. Attach it again.";

const isMultipart = (request: Request): boolean =>
  request.headers.get("Content-Type")?.toLowerCase().startsWith("multipart/form-data") === true;

/** A field's text. Of one that is too long the rest is passed over; nothing takes so long a text. */
async function textOf(data: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of data) {
    size += piece.byteLength;
    if (size <= MAX_FIELD) pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
