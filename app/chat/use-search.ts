import { useFetcher } from "@remix-run/react";
import { useEffect, useState } from "react";
import type { SearchResult } from "#app/shared/search.ts";

/** A pause in typing, in milliseconds. */
const PAUSE_MS = 150;

export type Search = {
  query: string;
  setQuery: (query: string) => void;
  /** For the query as it was last asked; null: not there yet, or `failed`. */
  results: SearchResult[] | null;
  failed: boolean;
  /** Why it failed, where the server says so. */
  problem: string | undefined;
};

type Answer = { query: string; results: SearchResult[] | null; problem?: string };

/** Searches as one types. What was found before stays until the next answer is there. */
export function useSearch(): Search {
  const [query, setQuery] = useState("");
  const { data, load, state } = useFetcher<Answer>();
  const asked = query.trim();
  useEffect(() => {
    if (asked === "") return;
    const timer = setTimeout(() => load(`/chats/search?q=${encodeURIComponent(asked)}`), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked, load]);
  const failed = state === "idle" && data?.query === asked && data.results === null;
  const results = asked === "" ? null : (data?.results ?? null);
  return { query, setQuery, results, failed, problem: data?.problem };
}
