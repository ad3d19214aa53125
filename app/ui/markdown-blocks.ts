import { Lexer, Marked, type Token, type Tokens } from "marked";
import remend from "remend";
import { isTooDeep, tooInvolved } from "#app/ui/involved-text.ts";
import { startOfEnd } from "#app/ui/text-end.ts";

/** Definitions and footnotes bind far-apart blocks together. */
const BOUND = /^ {0,3}\[[^\]\n]+\]:/m;

const FORMULA_START = /^ {0,3}(?:\$\$|\\\[)/m;
const FORMULA = /^ {0,3}(?:\$\$([^$]{1,8000}?)\$\$|\\\[([^]{1,8000}?)\\\])[ \t]*(?:\n+|$)/;

/** Formulas may hold empty lines, and lines that look like headings and lists. */
const withFormulas = new Marked({
  extensions: [
    {
      name: "formula",
      level: "block",
      start: (text) => FORMULA_START.exec(text)?.index,
      tokenizer: (text) => {
        const [raw, inDollars, inBrackets] = FORMULA.exec(text) ?? [];
        return raw === undefined ? undefined : { type: "formula", raw, text: inDollars ?? inBrackets ?? "" };
      },
    },
  ],
});
const plain = new Marked();

/** One way to write it, in which no line of it means anything else. */
function rawOf(token: Token | Tokens.Generic): string {
  if (token.type !== "formula") return token.raw;
  const lines = String((token as Tokens.Generic).text).split("\n");
  return `$$\n${lines.filter((line) => line.trim() !== "").join("\n")}\n$$\n\n`;
}

const withoutLastBreaks = (raw: string): string => raw.slice(0, startOfEnd(raw, /\n/));

/**
 * Markdown cut into its top-level blocks, which render on their own: while text streams in, only the last
 * block changes. `streaming` closes what is still open at the end, so that no half-written syntax is seen.
 */
export function markdownBlocks(text: string, streaming: boolean): string[] {
  if (isTooDeep(text)) return [text];
  const whole = streaming ? remend(text, { linkMode: "text-only", images: true, katex: false }) : text;
  // What is inside the blocks is read where they are shown.
  const lexer = new Lexer((FORMULA_START.test(whole) ? withFormulas : plain).defaults);
  const tokens = lexer.blockTokens(whole.replace(/\r\n?/g, "\n"));
  const bound = BOUND.test(whole) ? tokens.map(rawOf).join("") : null;
  if (bound !== null && !tooInvolved([bound])[0]) return [bound];
  return tokens.filter(({ type }) => type !== "space").map((token) => withoutLastBreaks(rawOf(token)));
}
