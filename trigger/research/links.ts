import { allowedUrl } from "#trigger/tools/fetch/allowed-url.ts";

/** No two parts of it can share a sign, so that a page which begins many links and ends none is read once. */
const LINK = /\[([^[\]\n]*)\]\((https?:\/\/[^\s)<>]{1,2000})(?:[ \t<>][^)\n]{0,400})?\)/g;
const MAX_LINKS = 40;
const MAX_LABEL = 120;

export type FoundLink = { url: string; label: string };

/** The address as two mentions of one page have it; null for what is not read. */
export function pageAddress(text: string): string | null {
  try {
    return allowedUrl(text).href;
  } catch {
    return null;
  }
}

/** The links of a page's Markdown to other pages, each once, in their order. */
export function linksIn(markdown: string, own: string): FoundLink[] {
  const found = new Map<string, FoundLink>();
  for (const [, label = "", target = ""] of markdown.matchAll(LINK)) {
    const url = pageAddress(target);
    if (url === null || url === own || found.has(url)) continue;
    found.set(url, { url, label: label.trim().slice(0, MAX_LABEL) });
    if (found.size === MAX_LINKS) break;
  }
  return [...found.values()];
}
