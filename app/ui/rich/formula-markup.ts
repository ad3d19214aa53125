import katex from "katex";

const ELEMENTS = new Set(
  (
    "math semantics annotation mrow mi mn mo ms mtext mspace mstyle mpadded mphantom mfrac mroot msqrt msub msup " +
    "msubsup munder mover munderover mtable mtr mtd menclose"
  ).split(" "),
);
const ATTRIBUTES = new Set(
  (
    "xmlns display encoding mathvariant mathcolor mathbackground mathsize displaystyle scriptlevel stretchy fence " +
    "separator largeop accent accentunder minsize maxsize lspace rspace linethickness width height depth voffset " +
    "notation columnalign columnspacing columnlines rowspacing rowlines linebreak valign"
  ).split(" "),
);
const TAG = /<(\/?)([a-zA-Z][^\s/>]*)((?:[^>"]|"[^"]*")*?)(\/?)>/g;
const ATTRIBUTE = /\s([a-zA-Z-]+)="([^"]*)"/g;

/** Everything but MathML's own layout is left out: no style, no address, no handler. */
function onlyMath(html: string): string {
  return html.replace(TAG, (_, end: string, name: string, attributes: string, empty: string) => {
    if (!ELEMENTS.has(name)) return "";
    if (end) return `</${name}>`;
    const kept = [...attributes.matchAll(ATTRIBUTE)].filter(([, key = ""]) => ATTRIBUTES.has(key));
    return `<${name}${kept.map(([, key, value]) => ` ${key}="${value}"`).join("")}${empty}>`;
  });
}

/** MathML of a formula in TeX, which may not name any address; null when it cannot be read. */
export function formulaMarkup(tex: string, display: boolean): string | null {
  try {
    const html = katex.renderToString(tex, {
      output: "mathml",
      displayMode: display,
      throwOnError: true,
      trust: false,
      strict: "ignore",
      maxSize: 50,
      maxExpand: 500,
    });
    return onlyMath(html);
  } catch {
    return null;
  }
}
