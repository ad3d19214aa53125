import remarkMath from "remark-math";
import type { Code, Construct, Effects, Extension, State, TokenizeContext } from "micromark-util-types";

declare module "micromark-util-types" {
  interface TokenTypeMap {
    mathText: "mathText";
    mathTextSequence: "mathTextSequence";
    mathTextData: "mathTextData";
  }
}

/** A formula in a line is no longer than this: what has no end costs little to find out. */
const LONGEST = 2_000;
const [EOF, DOLLAR, BACKSLASH] = [null, 36, 92];

/** What comes after the backslash. */
type Sign = { open: number; close: number };
const PARENTHESES: Sign = { open: 40, close: 41 };
const BRACKETS: Sign = { open: 91, close: 93 };

const isEnd = (code: Code): boolean => code !== null && code < -2;
const isSpace = (code: Code): boolean => code !== null && (code < 0 || code === 32);
const isWord = (code: Code): boolean =>
  code !== null && code >= 0 && /[\p{L}\p{N}]/u.test(String.fromCharCode(code));

/**
 * `$x$`, which money is not: no space inside of its signs, and no letter or digit outside of them.
 * "$5 and $10" is text.
 */
const dollars: Construct = {
  name: "formulaInDollars",
  previous(code) {
    return code !== DOLLAR || this.events.at(-1)?.[1].type === "characterEscape";
  },
  tokenize(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
    const before = this.previous;
    const body = bodyOf(effects, nok, EOF);
    const start: State = (code) => {
      if (isWord(before)) return nok(code);
      effects.enter("mathText");
      effects.enter("mathTextSequence");
      effects.consume(code);
      effects.exit("mathTextSequence");
      return first;
    };
    const first: State = (code) => (isSpace(code) || code === DOLLAR ? nok(code) : inside(code));
    const inside: State = (code) => {
      if (code !== DOLLAR) return body.take(code, inside);
      if (isSpace(body.last())) return nok(code);
      body.leave();
      effects.enter("mathTextSequence");
      effects.consume(code);
      effects.exit("mathTextSequence");
      effects.exit("mathText");
      return after;
    };
    const after: State = (code) => (code === DOLLAR || isWord(code) ? nok(code) : ok(code));
    return start;
  },
};

/** `\(x\)` and `\[x\]`, as many models write. */
const inSigns = ({ open, close }: Sign): Construct => ({
  name: "formulaInSigns",
  tokenize(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
    const body = bodyOf(effects, nok, open);
    const start: State = (code) => {
      effects.enter("mathText");
      effects.enter("mathTextSequence");
      effects.consume(code);
      return second;
    };
    const second: State = (code) => {
      if (code !== open) return nok(code);
      effects.consume(code);
      effects.exit("mathTextSequence");
      return inside;
    };
    // The sign may be the end, or the beginning of a command: looking ahead tells.
    const end: Construct = {
      partial: true,
      tokenize(endEffects, endOk, endNok) {
        return (code) => {
          endEffects.enter("mathTextSequence");
          endEffects.consume(code);
          return (next) => {
            if (next !== close) return endNok(next);
            endEffects.consume(next);
            endEffects.exit("mathTextSequence");
            return endOk;
          };
        };
      },
    };
    const done: State = (code) => {
      effects.exit("mathText");
      return ok(code);
    };
    const inside: State = (code) => {
      if (code !== BACKSLASH) return body.take(code, inside);
      body.leave();
      return effects.attempt(end, done, (again) => body.take(again, inside))(code);
    };
    return start;
  },
});

/** What stands between the signs: text and line ends, up to the longest. No formula begins inside: `opener` ends it. */
function bodyOf(effects: Effects, nok: State, opener: Code) {
  let [length, open] = [0, false];
  let last: Code = null;
  const leave = (): void => {
    if (open) effects.exit("mathTextData");
    open = false;
  };
  /** After a backslash: its sign belongs to it. */
  const escaped =
    (then: State): State =>
    (code) => {
      if (code === EOF || isEnd(code)) return then(code);
      if (code === opener) return nok(code);
      last = code;
      effects.consume(code);
      return then;
    };
  const take = (code: Code, then: State): State | undefined => {
    length += 1;
    if (code === EOF || length > LONGEST) return nok(code);
    last = code;
    if (isEnd(code)) {
      leave();
      effects.enter("lineEnding");
      effects.consume(code);
      effects.exit("lineEnding");
      return then;
    }
    if (!open) effects.enter("mathTextData");
    open = true;
    effects.consume(code);
    return code === BACKSLASH ? escaped(then) : then;
  };
  return { take, leave, last: () => last };
}

const syntax: Extension = {
  text: { [DOLLAR]: dollars, [BACKSLASH]: [inSigns(PARENTHESES), inSigns(BRACKETS)] },
};

type Node = {
  type: string;
  position?: { start: { offset?: number } };
  data?: { hProperties?: { className?: string[] } };
  children?: Node[];
};

/** A formula that is set off from the text, though it stands in its line. */
function markDisplayed(node: Node, source: string): void {
  const at = node.position?.start.offset ?? 0;
  if (node.type === "inlineMath" && /^(\$\$|\\\[)/.test(source.slice(at, at + 2))) {
    node.data = { ...node.data, hProperties: { className: ["language-math", "math-display"] } };
  }
  for (const child of node.children ?? []) markDisplayed(child, source);
}

type Data = { micromarkExtensions?: Extension[] };

/** Formulas in all the ways in which models write them: `$x$`, `$$x$$`, `\(x\)`, `\[x\]`. */
export function remarkFormulas(this: unknown) {
  const processor = this as { data(): Data };
  remarkMath.call(processor as never, { singleDollarTextMath: false });
  (processor.data().micromarkExtensions ??= []).push(syntax);
  return (tree: unknown, file: unknown): void => markDisplayed(tree as Node, String(file));
}
