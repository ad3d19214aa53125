import { marked } from "marked";
import remend from "remend";

/** Definitions and footnotes bind far-apart blocks together. */
const BOUND = /^ {0,3}\[[^\]\n]+\]:/m;

/**
 * Markdown cut into its top-level blocks, which render on their own: while text streams in, only the last
 * block changes. `streaming` closes what is still open at the end, so that no half-written syntax is seen.
 */
export function markdownBlocks(text: string, streaming: boolean): string[] {
  const whole = streaming ? remend(text, { linkMode: "text-only", images: true }) : text;
  if (BOUND.test(whole)) return [whole];
  return marked
    .lexer(whole)
    .filter((token) => token.type !== "space")
    .map((token) => token.raw.replace(/\n+$/, ""));
}
