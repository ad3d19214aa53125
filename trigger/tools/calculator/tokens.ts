import { VisibleError } from "#trigger/model-error.ts";

/** A piece of an expression, with the place where it begins. */
export type Token = { kind: "number" | "name" | "sign"; text: string; at: number };

/** What is wrong with an expression, in words for whoever wrote it. */
export class CalculationError extends VisibleError {}

const PIECE =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?<name>[a-z][a-z0-9]*)|(?<sign>[-+*/^%!(),]))/iy;

/** People write these for the plain signs. */
const PLAIN: Record<string, string> = { "×": "*", "·": "*", "÷": "/", "−": "-", π: "pi", "√": "sqrt" };

/** Cuts an expression into its pieces. Throws a CalculationError at the first thing that it does not know. */
export function tokenize(expression: string): Token[] {
  const text = expression.replace(/\*\*/g, "^").replace(/[×·÷−π√]/g, (sign) => PLAIN[sign] ?? sign);
  const tokens: Token[] = [];
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < text.trimEnd().length) {
    const at = PIECE.lastIndex;
    const match = PIECE.exec(text);
    if (!match?.groups)
      throw new CalculationError(`"${text.slice(at).trim().slice(0, 12)}" is not understood.`);
    const { number, name, sign } = match.groups;
    const kind = number !== undefined ? "number" : name !== undefined ? "name" : "sign";
    tokens.push({ kind, text: number ?? name?.toLowerCase() ?? sign ?? "", at });
  }
  return tokens;
}
