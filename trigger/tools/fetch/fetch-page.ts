import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import type { fetchPageOutput } from "#app/shared/chat-tools.ts";
import { allowedUrl, FetchRefused } from "#trigger/tools/fetch/allowed-url.ts";
import { readBody, requestOnce, type Resolve } from "#trigger/tools/fetch/request-once.ts";

const MAX_REDIRECTS = 5;
const TIME_MS = 10_000;
const MAX_BYTES = 2 * 1024 * 1024;
/** What the model gets to read of it, characters. */
const MAX_TEXT = 60_000;

const HTML = /^(text\/html|application\/xhtml\+xml)$/;
const PLAIN = /^(text\/(plain|markdown|csv|xml)|application\/(json|xml|[\w.-]+\+json))$/;

type FetchedPage = z.infer<typeof fetchPageOutput>;

/** Reads one page of the public web as text. Throws an Error whose message says why it could not be read. */
export async function fetchPage(
  address: string,
  options: { signal?: AbortSignal; resolve?: Resolve; timeMs?: number } = {},
): Promise<FetchedPage> {
  const { signal: stop, resolve, timeMs = TIME_MS } = options;
  const timeout = AbortSignal.timeout(timeMs);
  const signal = stop ? AbortSignal.any([stop, timeout]) : timeout;
  try {
    const { url, response } = await follow(allowedUrl(address), signal, resolve);
    return await take(url, response);
  } catch (error) {
    if (error instanceof FetchRefused || stop?.aborted) throw error;
    if (timeout.aborted) throw new FetchRefused(`The page did not come within ${timeMs / 1000} s.`);
    throw new FetchRefused(
      `The page could not be read: ${error instanceof Error ? error.message : "no answer"}.`,
    );
  }
}

async function follow(
  first: URL,
  signal: AbortSignal,
  resolve?: Resolve,
): Promise<{ url: URL; response: IncomingMessage }> {
  let url = first;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await requestOnce(url, signal, resolve);
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode >= 400 || !headers.location) return { url, response };
    response.destroy();
    // Each step is checked like the first: a public page may point anywhere.
    url = allowedUrl(headers.location, url);
  }
  throw new FetchRefused(`The page redirects more than ${MAX_REDIRECTS} times.`);
}

async function take(url: URL, response: IncomingMessage): Promise<FetchedPage> {
  try {
    const { statusCode = 0, headers } = response;
    if (statusCode < 200 || statusCode >= 300)
      throw new FetchRefused(`The page answered with status ${statusCode}.`);
    const declared = headers["content-type"] ?? "text/html";
    const contentType = (declared.split(";")[0] ?? "").trim().toLowerCase();
    if (!HTML.test(contentType) && !PLAIN.test(contentType)) {
      throw new FetchRefused(
        `The page is ${contentType || "of an unknown kind"}; only text and HTML are read.`,
      );
    }
    const { bytes, truncated } = await readBody(response, MAX_BYTES);
    const text = decode(bytes, /charset="?([\w-]+)/i.exec(declared)?.[1]);
    // Loaded only by those who need it.
    const { readableText } = await import("#trigger/tools/fetch/readable-text.ts");
    const page = HTML.test(contentType) ? readableText(text, url) : { title: null, text };
    return {
      url: url.href,
      title: page.title?.slice(0, 300) ?? null,
      contentType,
      text: page.text.slice(0, MAX_TEXT),
      truncated: truncated || page.text.length > MAX_TEXT,
    };
  } finally {
    response.destroy();
  }
}

function decode(bytes: Buffer, charset = "utf-8"): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
