/** A drawing with the name of its language, without which no browser shows it as an image. */
export function namedDrawing(text: string): string {
  const from = text.search(/<svg\b/i);
  if (from < 0) return text;
  // Its first tag alone: a pattern that may begin at each `<svg` of a long text reads all of it each time.
  const to = text.indexOf(">", from);
  const tag = text.slice(from, to < 0 ? undefined : to);
  if (/\sxmlns\s*=/i.test(tag)) return text;
  const after = from + "<svg".length;
  return `${text.slice(0, from)}<svg xmlns="http://www.w3.org/2000/svg"${text.slice(after)}`;
}
