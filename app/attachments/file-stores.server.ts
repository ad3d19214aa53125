import { tmpdir } from "node:os";
import path from "node:path";
import type { FileStore } from "#app/attachments/file-store.ts";
import { FolderStore } from "#app/attachments/folder-store.server.ts";
import { S3Store } from "#app/attachments/s3-store.server.ts";
import { env } from "#app/env.server.ts";

let store: FileStore | null | undefined;

/**
 * The bucket where one is configured, else the folder that runs on this machine share; null where there is neither:
 * then nothing can be attached.
 */
export function fileStore(): FileStore | null {
  return (store ??= choose());
}

function choose(): FileStore | null {
  const { S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, ATTACHMENTS_DIR } =
    env();
  if (S3_ENDPOINT && S3_BUCKET && S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY) {
    return new S3Store({
      endpoint: S3_ENDPOINT,
      bucket: S3_BUCKET,
      region: S3_REGION,
      accessKeyId: S3_ACCESS_KEY_ID,
      secretAccessKey: S3_SECRET_ACCESS_KEY,
    });
  }
  return ATTACHMENTS_DIR ? new FolderStore(ATTACHMENTS_DIR) : null;
}

/** Where files lie while they arrive. */
export function incomingFolder(): string {
  const { ATTACHMENTS_DIR } = env();
  return path.join(ATTACHMENTS_DIR ?? path.join(tmpdir(), "longrun"), "incoming");
}
