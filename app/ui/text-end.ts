/**
 * Where the signs of a kind begin that a text ends with; its length where it ends with none. A pattern that ends in
 * `+$` is tried from every place instead: that takes the square of how many such signs stand anywhere in the text.
 */
export function startOfEnd(text: string, kind: RegExp): number {
  let at = text.length;
  while (at > 0 && kind.test(text[at - 1] ?? "")) at--;
  return at;
}
