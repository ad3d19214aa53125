import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { FileStore } from "#app/attachments/file-store.ts";

/** A file a key, in one folder that only its owner may enter. What is put must lie on the same disk. */
export class FolderStore implements FileStore {
  constructor(private readonly folder: string) {}

  async put(key: string, { path: from }: { path: string }): Promise<void> {
    const to = this.#fileOf(key);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await sync(from);
    await rename(from, to);
    await sync(this.folder);
  }

  async open(key: string): Promise<ReturnType<typeof createReadStream> | null> {
    const stream = createReadStream(this.#fileOf(key));
    return new Promise((resolve, reject) => {
      stream.once("open", () => resolve(stream));
      stream.once("error", (error: NodeJS.ErrnoException) =>
        error.code === "ENOENT" ? resolve(null) : reject(error),
      );
    });
  }

  async remove(key: string): Promise<void> {
    await rm(this.#fileOf(key), { force: true });
  }

  #fileOf(key: string): string {
    if (!/^[\w-]+$/.test(key)) throw new Error("an attachment's key is a plain word");
    return path.join(this.folder, key);
  }
}

/** Of a folder: the names in it. */
async function sync(target: string): Promise<void> {
  const handle = await open(target, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
