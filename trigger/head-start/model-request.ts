import { createHash } from "node:crypto";

/** A request to a model server, as a provider of the AI SDK makes it. */
export type ModelRequest = { url: string; init: RequestInit & { body: string } };

/** Null: it is none that could be made by one process and taken over by another. */
export function modelRequest(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
): ModelRequest | null {
  if (input instanceof Request || typeof init?.body !== "string") return null;
  return { url: String(input), init: { ...init, body: init.body } };
}

/** Two requests with the same one ask the same of the same server. */
export function fingerprintOf({ url, init }: ModelRequest): string {
  return createHash("sha256").update(`${url}\n${init.body}`).digest("base64url");
}
