/** What Markdown looks at again and again for what it may belong to, and what ends a line. */
const SIGNS = /[*_~`[\]$!<\n]/g;
const FENCE = /^ {0,3}(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)(?:\n|$)/;
/** Each of these begins what is read on its own, wherever it stands; a number does so in a list of numbers alone. */
const BULLET = /\n(?= {0,3}[-*+] +\S)/;
const NUMBERED = /^\d{1,9}[.)] +\S/;
const NUMBER = /\n(?=\d{1,9}[.)] +\S)/;
/** Reading a piece takes the square of its signs: this many in one are half a second to a whole one. */
const MOST = 5_000 ** 2;
/** What a piece takes whatever is in it, in the same measure: some tenths of a millisecond. */
const PIECE = 8_000;
/** Quotes inside quotes are read by a function that calls itself. */
const DEEP = /^(?:[ \t]{0,3}>){100}/m;

/** Whether quotes are nested as nobody nests them. */
export const isTooDeep = (text: string): boolean => DEEP.test(text);

/**
 * Which blocks of a text are shown as they are written, because reading them as Markdown would hold up the page, or
 * the server that draws it. What comes after a block changes nothing for it.
 */
export function tooInvolved(blocks: readonly string[]): boolean[] {
  let spent = 0;
  return blocks.map((block) => {
    if (isTooDeep(block)) return true;
    const cost = isOneFence(block) ? PIECE : costOf(block);
    if (spent + cost > MOST) return true;
    spent += cost;
    return false;
  });
}

function costOf(block: string): number {
  const items = NUMBERED.test(block) ? block.split(NUMBER) : [block];
  const pieces = items.flatMap((item) => item.split(BULLET));
  return pieces.reduce((sum, piece) => sum + PIECE + (piece.match(SIGNS)?.length ?? 0) ** 2, 0);
}

/** What stands in a fence is not looked into, as long as it is not closed before the end. */
function isOneFence(block: string): boolean {
  const [opening, ticks, tildes] = FENCE.exec(block) ?? [];
  const fence = ticks ?? tildes;
  if (opening === undefined || fence === undefined) return false;
  const end = block.slice(opening.length).search(new RegExp(`^ {0,3}${fence}`, "m"));
  return end < 0 || !block.slice(opening.length + end).includes("\n");
}
