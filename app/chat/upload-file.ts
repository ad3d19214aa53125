import { z } from "zod";
import { type AttachedFile, cleanFileName } from "#app/shared/attachment.ts";

/** The file was not stored. The message may be shown; `final`: the same file again would be refused again. */
export class UploadError extends Error {
  constructor(
    message: string,
    readonly final: boolean,
  ) {
    super(message);
    this.name = "UploadError";
  }
}

const file = z.object({ id: z.string(), name: z.string(), mediaType: z.string(), size: z.number() });
const reply = z.object({ file: file.optional(), error: z.string().optional() }).catch({});

const BROKEN = "The upload broke off.";

/** Stores one file; `onShare` is told how much of it has left, from 0 to 1. Rejects with an UploadError. */
export function uploadFile(
  given: File,
  { signal, onShare }: { signal: AbortSignal; onShare: (share: number) => void },
): Promise<AttachedFile> {
  // fetch does not tell how far an upload has got.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.open("POST", "/attachments");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(cleanFileName(given.name)));
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onShare(total > 0 ? loaded / total : 0),
    );
    request.addEventListener("load", () => {
      const answered = reply.parse(parseJson(request.responseText));
      if (answered.file) resolve(answered.file);
      else reject(refused(request.status, answered.error));
    });
    request.addEventListener("error", () => reject(new UploadError(BROKEN, false)));
    request.addEventListener("abort", () => reject(new UploadError(BROKEN, false)));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(given);
  });
}

function refused(
  status: number,
  error = status === 401 ? "You are signed out. Reload the page." : BROKEN,
): UploadError {
  return new UploadError(error, status >= 400 && status < 500 && status !== 401);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Takes back a file that was not sent. What fails here is swept up by the server later. */
export function takeBack(id: string): void {
  void fetch(`/attachments/${id}`, { method: "DELETE" }).catch(() => undefined);
}

/** Those of these files that are still there; all of them where the server cannot be asked. */
export async function stillThere(files: readonly AttachedFile[]): Promise<readonly AttachedFile[]> {
  if (files.length === 0) return files;
  try {
    const query = new URLSearchParams(files.map(({ id }) => ["id", id]));
    const response = await fetch(`/attachments?${query.toString()}`);
    if (!response.ok) return files;
    const { files: found } = z.object({ files: z.array(file) }).parse(await response.json());
    return files.filter(({ id }) => found.some((one) => one.id === id));
  } catch {
    return files;
  }
}
