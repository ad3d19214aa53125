import { startOfEnd } from "#app/ui/text-end.ts";

/** Signs at the end of a text may be the beginning of Markdown: they wait for what comes next. */
const SIGN = /[\s*_`~[\]()!<>|#\\=:&-]/;
const ENTITY = /&#?[a-z0-9]{1,31}$/i;
const LONGEST_ENTITY = 33;
/** So does a last line that has nothing yet but what a list, a heading or a table begins with. */
const LINE_SIGN = /[-+*#>|=_~`\s]/;
const NUMBER = /^[ \t]*\d{1,9}[.)]?$/;

/** As much of a text that grows as no next word can turn into something else. */
export function decidedText(text: string): string {
  const lines = withoutOpenLine(text);
  const entity = ENTITY.exec(lines.slice(-LONGEST_ENTITY));
  return lines.slice(0, entity ? lines.length - entity[0].length : startOfEnd(lines, SIGN));
}

function withoutOpenLine(text: string): string {
  const from = startOfEnd(text, LINE_SIGN);
  if (from === 0) return "";
  const lineEnd = text.indexOf("\n", from);
  if (lineEnd >= 0 && lineEnd < text.length - 1) return text.slice(0, lineEnd);
  const last = text.lastIndexOf("\n");
  return NUMBER.test(text.slice(last + 1)) ? text.slice(0, Math.max(last, 0)) : text;
}
