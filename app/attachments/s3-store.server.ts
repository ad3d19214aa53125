import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { AwsClient } from "aws4fetch";
import type { FileStore, ReceivedFile } from "#app/attachments/file-store.ts";

export type S3Access = {
  /** Such as `https://s3.eu-central-1.amazonaws.com`; the bucket is the first part of the path below it. */
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
};

const TIMEOUT_MS = 60_000;
const RETRIES = 2;

/** One bucket of a server that speaks S3. */
export class S3Store implements FileStore {
  readonly #client: AwsClient;
  readonly #base: string;

  constructor({ endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Access) {
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: RETRIES });
    this.#base = `${endpoint.replace(/\/+$/, "")}/${encodeURIComponent(bucket)}/attachments`;
  }

  async put(key: string, { path, sha256, mediaType }: ReceivedFile): Promise<void> {
    const headers = { "Content-Type": mediaType, "X-Amz-Content-Sha256": sha256 };
    // One file is small; a body of known length needs no signature for each of its pieces.
    const response = await this.#ask(key, { method: "PUT", headers, body: await readFile(path) });
    await response.body?.cancel();
  }

  async open(key: string): Promise<Readable | null> {
    const response = await this.#ask(key, { method: "GET" }, 404);
    if (response.status === 404 || !response.body) {
      await response.body?.cancel();
      return null;
    }
    return Readable.fromWeb(response.body as ReadableStream);
  }

  async remove(key: string): Promise<void> {
    const response = await this.#ask(key, { method: "DELETE" }, 404);
    await response.body?.cancel();
  }

  /** Throws on every answer but a good one and `allowed`. The error names no key and no secret. */
  async #ask(key: string, init: RequestInit, allowed?: number): Promise<Response> {
    const url = `${this.#base}/${encodeURIComponent(key)}`;
    const response = await this.#client.fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok || response.status === allowed) return response;
    await response.body?.cancel();
    throw new Error(`the attachment store answered ${response.status} to ${init.method ?? "GET"}`);
  }
}
