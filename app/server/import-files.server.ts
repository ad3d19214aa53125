import type { FileOfPart } from "#app/models/import.server.ts";
import { AccountFull, attachmentLimits, storeUpload, UploadFailed } from "#app/server/attachments.server.ts";
import { tooMuch, type AttachedFile } from "#app/shared/attachment.ts";
import type { ImportedChat, ImportedFile } from "#app/shared/chat-file.ts";
import type { FileMissed, FilesMissed } from "#app/shared/files-missed.ts";

type Part = Parameters<FileOfPart>[0];

/** The files that came with imported chats. Each is stored when the first chat that names it is made. */
export class ImportedFiles {
  readonly #given: ReadonlyMap<string, ImportedFile>;
  readonly #outcomes = new Map<string, AttachedFile | FileMissed>();
  /** Each part that names a file by no address is another one. */
  readonly #missed = new Map<string | Part, FileMissed>();
  readonly #own = new Map<Part, AttachedFile>();

  constructor(
    private readonly userId: string,
    files: readonly ImportedFile[],
  ) {
    this.#given = new Map(files.toReversed().map((file) => [file.url, file]));
  }

  /** Stores what the chat's messages name, and gives what stands for each part then. */
  async store({ messages }: ImportedChat): Promise<FileOfPart> {
    for (const { role, parts } of messages) {
      const taken: AttachedFile[] = [];
      for (const part of parts) {
        if (part.type !== "file" || !("filename" in part)) continue;
        // A model takes files from the person alone.
        const outcome = role === "user" ? await this.#stored(part) : "absent";
        const fits = typeof outcome === "object" && tooMuch([...taken, outcome], attachmentLimits()) === null;
        if (typeof outcome === "string" || !fits) {
          this.#missed.set(part.url || part, typeof outcome === "string" ? outcome : "large");
          continue;
        }
        taken.push(outcome);
        this.#own.set(part, outcome);
      }
    }
    return (part) => this.#own.get(part) ?? null;
  }

  async #stored(part: Part): Promise<AttachedFile | FileMissed> {
    const known = this.#outcomes.get(part.url);
    if (known) return known;
    const given = this.#given.get(part.url);
    const outcome = given ? await this.#upload(given) : "absent";
    this.#outcomes.set(part.url, outcome);
    return outcome;
  }

  async #upload({ name, base64 }: ImportedFile): Promise<AttachedFile | FileMissed> {
    try {
      return await storeUpload(this.userId, name, bytesOf(base64));
    } catch (error) {
      if (error instanceof AccountFull) return "full";
      if (!(error instanceof UploadFailed)) throw error;
      if (error.status === 413) return "large";
      return error.status === 503 ? "unstored" : "refused";
    }
  }

  /** The ids of what was stored. */
  ids(): string[] {
    return [...this.#outcomes.values()].flatMap((one) => (typeof one === "object" ? [one.id] : []));
  }

  /** How many files were not taken, by why. */
  missed(): FilesMissed {
    const counts: FilesMissed = {};
    for (const why of this.#missed.values()) counts[why] = (counts[why] ?? 0) + 1;
    return counts;
  }
}

// An upload arrives in pieces.
// eslint-disable-next-line require-await
async function* bytesOf(base64: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(base64, "base64");
}
