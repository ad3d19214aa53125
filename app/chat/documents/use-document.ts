import { useEffect, useState } from "react";
import { documentPageSchema, documentUrl, newestOf, type DocumentPage } from "#app/shared/documents.ts";

export type ReadDocument = {
  page: DocumentPage | null;
  /** Why it cannot be shown, in a sentence. */
  error: string | null;
  /** Takes in a version that was read or written otherwise. */
  take: (page: DocumentPage) => void;
};

type Wanted = {
  documentId: string;
  /** Null: the newest. */
  version: number | null;
};

const GONE = "There is no such document in this chat, or no such version of it.";
const UNREACHABLE = "The document cannot be read right now. Try again in a moment.";
const AGAIN_MS = 3_000;

async function read(chatId: string, { documentId, version }: Wanted): Promise<DocumentPage | "gone" | null> {
  try {
    const response = await fetch(documentUrl(chatId, documentId, version ?? undefined));
    if (response.status === 404) return "gone";
    return response.ok ? documentPageSchema.parse(await response.json()) : null;
  } catch {
    return null;
  }
}

const shows = (page: DocumentPage, { documentId, version }: Wanted, atLeast: number): boolean =>
  page.id === documentId &&
  (version === null
    ? page.shown.number >= atLeast && page.shown.number === newestOf(page)
    : page.shown.number === version);

/**
 * One version of a document. Until another one is read, the one before stays. `loaded` came with the page;
 * `known` is the newest version that the messages tell of.
 */
export function useDocument(
  chatId: string,
  wanted: Wanted | null,
  known: number,
  loaded: DocumentPage | null,
): ReadDocument {
  const [pages, setPages] = useState<readonly DocumentPage[]>([]);
  const [error, setError] = useState<{ key: string; text: string } | null>(null);
  const all = loaded ? [...pages, loaded] : pages;
  const own = wanted ? all.filter(({ id }) => id === wanted.documentId) : [];
  const newest = Math.max(known, ...own.map(newestOf));
  const fits = wanted && own.find((page) => shows(page, wanted, newest));
  const key = wanted ? `${wanted.documentId} ${wanted.version ?? `newest ${newest}`}` : "";
  const missing = wanted !== null && !fits;
  const { documentId = "", version = null } = wanted ?? {};

  useEffect(() => {
    if (!missing) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const attempt = async (): Promise<void> => {
      const page = await read(chatId, { documentId, version });
      if (over) return;
      if (page && page !== "gone") {
        setPages((before) => [page, ...before].slice(0, 30));
        setError(null);
        // Told of, but not there yet: it is looked for again.
        if (shows(page, { documentId, version }, version === null ? known : 0)) return;
      } else {
        setError({ key, text: page === "gone" ? GONE : UNREACHABLE });
      }
      if (page !== "gone") timer = setTimeout(() => void attempt(), AGAIN_MS);
    };
    void attempt();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [missing, key, chatId, documentId, version, known]);

  const last = own.toSorted((a, b) => b.shown.number - a.shown.number)[0] ?? null;
  const page = fits ?? (version === null ? last : (own[0] ?? null));
  // Of versions that were read at different times the longest list is the newest.
  const versions = own.map((one) => one.versions).toSorted((a, b) => b.length - a.length)[0];
  return {
    page: page && versions ? { ...page, versions } : null,
    error: missing && error?.key === key ? error.text : null,
    take: (taken) => setPages((before) => [taken, ...before]),
  };
}
