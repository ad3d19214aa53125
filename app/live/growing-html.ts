/** Tags that React writes without an end. */
const VOID = new Set([
  "br",
  "hr",
  "img",
  "input",
  "wbr",
  "col",
  "path",
  "rect",
  "circle",
  "line",
  "polyline",
]);
const TAG = /<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/gi;
const NAME = /^[a-z][a-z0-9]*$/i;

/**
 * HTML that is only ever appended to, of something that is rendered again and again as it grows. All HTML that comes
 * in is React's: well formed, with every `<` and `>` of its text escaped.
 */
export class GrowingHtml {
  #sent = "";
  /** As it was sent it cannot be gone on with: from then on only text is. */
  #text: string | null = null;

  /** What to append so that the reader has this rendering; of an unfinished one all but the ends of its elements. */
  grow(html: string, finished: boolean): string {
    const next = finished ? html : withoutLastEnds(html);
    if (this.#text === null && next.startsWith(this.#sent)) {
      const more = next.slice(this.#sent.length);
      this.#sent = next;
      return more;
    }
    // What was sent reads differently by now: its text is still right, and the page that comes after has the rest.
    return this.#growText(textOf(next)) + (finished ? this.#ends() : "");
  }

  #growText(text: string): string {
    const sent = this.#text ?? textOf(this.#sent);
    if (text.length <= sent.length) {
      this.#text = sent;
      return "";
    }
    this.#text = text;
    return text.slice(sent.length);
  }

  #ends(): string {
    const open: string[] = [];
    for (const [, end, name = "", empty] of this.#sent.matchAll(TAG)) {
      if (end) open.pop();
      else if (!empty && !VOID.has(name.toLowerCase())) open.push(name);
    }
    return open
      .reverse()
      .map((name) => `</${name}>`)
      .join("");
  }
}

/** Without the ends of elements that it ends with, and what space is before each. */
function withoutLastEnds(html: string): string {
  let rest = html;
  while (rest.endsWith(">")) {
    const from = rest.lastIndexOf("</");
    if (from < 0 || !NAME.test(rest.slice(from + 2, -1))) break;
    rest = rest.slice(0, from).trimEnd();
  }
  return rest;
}

const textOf = (html: string): string => html.replace(TAG, "");
