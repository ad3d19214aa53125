import type { Readable } from "node:stream";

/** A file that was received whole, lying in a folder of this process. */
export type ReceivedFile = { path: string; size: number; sha256: string; mediaType: string };

/** Where the bytes of attachments lie, each under a key that tells nothing of it. */
export type FileStore = {
  /** Takes the bytes over; once it resolves they outlive a power cut. */
  put(key: string, file: ReceivedFile): Promise<void>;
  /** The bytes; null when there are none under this key. */
  open(key: string): Promise<Readable | null>;
  /** Deleting what is not there is no error. */
  remove(key: string): Promise<void>;
};
