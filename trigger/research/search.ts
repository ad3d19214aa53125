import { z } from "zod";
import { env } from "#app/env.server.ts";

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_HITS = 6;

const answer = z.object({
  results: z.array(z.looseObject({ url: z.string(), title: z.string().nullish() })),
});

type Hit = { url: string; title: string | null };

/** Pages for one search, best first, from the engine of SEARCH_BASE_URL. Throws when it can not be asked. */
export async function search(query: string, signal: AbortSignal): Promise<Hit[]> {
  const base = env().SEARCH_BASE_URL;
  if (base === undefined) return [];
  const url = new URL("search", base.endsWith("/") ? base : `${base}/`);
  url.search = new URLSearchParams({ q: query, format: "json" }).toString();
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw new Error(`The search engine answered with status ${response.status}.`);
  const { results } = answer.parse(JSON.parse(await bounded(response)));
  return results.slice(0, MAX_HITS).map((hit) => ({ url: hit.url, title: hit.title?.slice(0, 300) ?? null }));
}

async function bounded(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Error("The search engine's answer is too large.");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
