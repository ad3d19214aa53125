import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { ReceivedFile } from "#app/attachments/file-store.ts";
import { refusalOf, TypeReader } from "#app/attachments/file-type.ts";

/** A file that is not taken. The message is a sentence for the person. */
export class FileRefused extends Error {
  constructor(
    readonly status: 400 | 413 | 415,
    message: string,
  ) {
    super(message);
  }
}

/** The process's id begins each name, so that what a killed one has left is known for that. */
const nameOf = (): string => `${process.pid}-${randomUUID()}`;

/**
 * Writes an arriving file into the folder, piece by piece, and says what it is. Throws FileRefused when it was
 * too large, or is of a type that is not taken; then, as after every other fault, nothing of it is left.
 */
export async function receiveFile(
  source: AsyncIterable<Uint8Array>,
  file: { name: string; folder: string; most: number; tooLarge: string },
): Promise<ReceivedFile> {
  await mkdir(file.folder, { recursive: true, mode: 0o700 });
  const at = path.join(file.folder, nameOf());
  const handle = await open(at, "wx", 0o600);
  try {
    const hash = createHash("sha256");
    const type = new TypeReader();
    let size = 0;
    for await (const bytes of source) {
      size += bytes.byteLength;
      // Read to its end all the same: whoever sends it listens only then.
      if (size > file.most) continue;
      hash.update(bytes);
      type.read(bytes);
      await handle.writeFile(bytes);
    }
    if (size > file.most) throw new FileRefused(413, file.tooLarge);
    if (size === 0) throw new FileRefused(400, `“${file.name}” is empty.`);
    const mediaType = type.mediaType();
    const refusal = refusalOf(file.name, mediaType);
    if (refusal !== null || mediaType === null) throw new FileRefused(415, refusal ?? "");
    return { path: at, size, sha256: hash.digest("hex"), mediaType };
  } catch (error) {
    await rm(at, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Removes what processes that are gone had received in part. */
export async function dropBroken(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const broken = names.filter((name) => !isAlive(Number.parseInt(name, 10)));
  await Promise.all(broken.map((name) => rm(path.join(folder, name), { force: true })));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
