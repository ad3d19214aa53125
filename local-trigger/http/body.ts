import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { HttpError, badRequest } from "./errors.ts";
import type { RequestContext } from "./router.ts";

const defaultLimit = 10 * 1024 * 1024;
const drainLimit = 64 * 1024 * 1024;

/** The raw body, at most `limit` bytes (default 10 MiB); more is answered 413, once the client has been read out. */
export async function readBody(
  c: Pick<RequestContext, "req">,
  options: { limit?: number } = {},
): Promise<Buffer> {
  const limit = options.limit ?? defaultLimit;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of c.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    // A client that is still sending would see a reset instead of the 413, so the rest is read and dropped.
    else if (size > drainLimit) break;
  }
  if (size > limit) throw tooLarge(c.req);
  return Buffer.concat(chunks);
}

/** The body as text; 400 when it is not valid UTF-8. */
export async function readText(
  c: Pick<RequestContext, "req">,
  options: { limit?: number } = {},
): Promise<string> {
  const body = await readBody(c, options);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw badRequest("The body is not valid UTF-8.");
  }
}

/** The JSON body, checked: an empty one counts as `{}`, whatever the content type says; 400 names the first wrong field. */
export async function readJson<T extends z.ZodType>(
  c: Pick<RequestContext, "req">,
  schema: T,
  options: { limit?: number; invalidStatus?: number } = {},
): Promise<z.infer<T>> {
  const text = await readText(c, options);
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw badRequest("The body is not valid JSON.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.length ? `${issue.path.join(".")}: ` : "";
  throw new HttpError(options.invalidStatus ?? 400, `The body is not as expected. ${where}${issue?.message}`);
}

export function tooLarge(req?: IncomingMessage): HttpError {
  const headers: Record<string, string> = req && !req.complete ? { connection: "close" } : {};
  return new HttpError(413, "The body is larger than the limit.", { headers });
}
