import { useCallback, useState } from "react";

/** What an act has come to: why it did not work, in a sentence, or nothing. A new object says it anew. */
type Source = string | { error?: string | undefined } | null | undefined;

const wordsOf = (source: Source): string | null =>
  (typeof source === "object" ? source?.error : source) ?? null;

const firstWords = (sources: readonly Source[]): string | null =>
  sources.map(wordsOf).find((words) => words !== null) ?? null;

/**
 * What went wrong last among several acts of one page, until it is closed, that act goes well, or the page has moved
 * on: `moved` is another.
 */
export function useProblem(
  sources: readonly Source[],
  moved: string,
): { problem: string | null; close: () => void } {
  const [seen, setSeen] = useState(() => ({ sources, moved, problem: firstWords(sources) }));
  const close = useCallback(() => setSeen((before) => ({ ...before, problem: null })), []);
  const changed = sources.filter((source, index) => source !== seen.sources[index]);
  if (changed.length === 0 && moved === seen.moved) return { problem: seen.problem, close };
  const stays = moved === seen.moved && sources.some((source) => wordsOf(source) === seen.problem);
  const problem = firstWords(changed) ?? (stays ? seen.problem : null);
  setSeen({ sources, moved, problem });
  return { problem, close };
}
