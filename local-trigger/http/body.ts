import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { HttpError, badRequest } from "./errors.ts";
import type { RequestContext } from "./router.ts";

const defaultLimit = 10 * 1024 * 1024;
const drainLimit = 64 * 1024 * 1024;
/** Even the largest body comes sooner over a slow line; streams that are written for minutes are read elsewhere. */
const bodyMs = 120_000;

type BodyOptions = { limit?: number; ms?: number };

/**
 * The raw body, at most `limit` bytes (default 10 MiB); more is answered 413, once the client has been read out. One
 * that does not come within `ms` (default two minutes) is answered 408.
 */
export async function readBody(c: Pick<RequestContext, "req">, options: BodyOptions = {}): Promise<Buffer> {
  const limit = options.limit ?? defaultLimit;
  const chunks: Buffer[] = [];
  const size = await inTime(c.req, options.ms, (chunk, soFar) => {
    if (soFar <= limit) chunks.push(chunk);
  });
  if (size > limit) throw tooLarge(c.req);
  return Buffer.concat(chunks);
}

/** Reads the body and keeps nothing of it. */
export async function dropBody(c: Pick<RequestContext, "req">, options: BodyOptions = {}): Promise<void> {
  const size = await inTime(c.req, options.ms, () => {});
  if (size > (options.limit ?? defaultLimit)) throw tooLarge(c.req);
}

async function inTime(
  req: IncomingMessage,
  ms: number | undefined,
  take: (chunk: Buffer, soFar: number) => void,
): Promise<number> {
  const late = new HttpError(408, "The body did not come in time.", { headers: { connection: "close" } });
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const read = async (): Promise<void> => {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      take(chunk, size);
      // A client that is still sending would see a reset instead of the 413, so the rest is read and dropped.
      if (size > drainLimit) break;
    }
  };
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), ms ?? bodyMs);
  });
  const reading = read();
  reading.catch(() => {});
  try {
    await Promise.race([reading, tooLate]);
  } finally {
    clearTimeout(timer);
  }
  return size;
}

/** The body as text; 400 when it is not valid UTF-8. */
export async function readText(c: Pick<RequestContext, "req">, options: BodyOptions = {}): Promise<string> {
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
  options: BodyOptions & { invalidStatus?: number } = {},
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
