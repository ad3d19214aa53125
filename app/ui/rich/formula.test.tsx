import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Markdown } from "#app/ui/markdown.tsx";

const html = (text: string, streaming = false) =>
  renderToStaticMarkup(<Markdown text={text} streaming={streaming} />);

/** The formulas that were found, as they were written. */
const formulas = (markup: string): string[] =>
  [...markup.matchAll(/<annotation encoding="application\/x-tex">(.*?)<\/annotation>/gs)].map(
    ([, tex = ""]) => tex,
  );

test.each([
  ["$x^2$", ["x^2"]],
  ["so $a_1 + b_2$, and $c$.", ["a_1 + b_2", "c"]],
  ["in brackets ($x$) and **bold $y$**", ["x", "y"]],
  [String.raw`so \(a_1 + \frac{b}{c}\) holds`, [String.raw`a_1 + \frac{b}{c}`]],
  [String.raw`a price in it: $\$5 + x$`, [String.raw`\$5 + x`]],
  ["over\n$a +\nb$ lines", ["a +\nb"]],
  ["$$x$$", ["x"]],
  ["$$\nx\n=\ny\n$$", ["x\n=\ny"]],
  ["text\n$$\nx\n\n- y\n$$\nmore", ["x\n- y"]],
  [String.raw`\[ x = 1 \]`, ["x = 1"]],
  ["\\[\na\n= b\n\\]\n\nText", ["a\n= b"]],
  ["- item\n\n  $$\n  x\n  $$\n- other \\(y\\)", ["x", "y"]],
  ["| a |\n|---|\n| $x$ |", ["x"]],
])("a formula is found in %j", (text, found) => {
  expect(formulas(html(text))).toEqual(found);
});

test.each([
  "It costs $5, and $10 with the case.",
  "From $5-$10, in US$100 or A$200.",
  "$HOME and $PATH are variables",
  "5$ and 6$",
  "`$x$` is code",
  "```sh\necho $a$b$c\n```",
  "a single $ sign, and $$ two",
  "\\$x\\$ is escaped",
])("what is no formula stays text: %s", (text) => {
  expect(html(text)).not.toContain("<math");
});

test("a formula of its own is displayed, one in a line is not", () => {
  expect(html("$$x$$")).toContain('class="formula display"');
  expect(html("\\[x\\]")).toContain('class="formula display"');
  expect(html("so $$x$$ it is")).toContain('class="formula display"');
  expect(html("so $x$ it is")).toContain('class="formula"');
});

test.each([
  String.raw`$\href{javascript:alert(1)}{x}$`,
  String.raw`$\href{https://trap.example/a}{x}$`,
  String.raw`$\url{https://trap.example/b}$`,
  String.raw`$\includegraphics{https://trap.example/c.png}$`,
  String.raw`$\htmlStyle{background:url(https://trap.example/d)}{x}$`,
  String.raw`$\htmlClass{a}{x}\htmlId{b}{x}\htmlData{c=d}{x}$`,
  String.raw`$\text{<img src=https://trap.example/e>}$`,
  String.raw`$\color{red;background:url(https://trap.example/f)}x$`,
])("no formula makes an address, a style or an element: %s", (text) => {
  const markup = html(text).replace(/<annotation.*?<\/annotation>/gs, "");
  expect(markup).not.toMatch(/<(a|img|script|style)\b/i);
  expect(markup.match(/<[^>]*\s(href|src|style|id|on\w+)\s*=/gi)).toBeNull();
});

test("a formula that cannot be read is its source, and so is one that is not whole yet", () => {
  expect(html(String.raw`$\frac{a}{$ is wrong`)).toContain(String.raw`\frac{a}{`);
  expect(html(String.raw`$$\frac{a$$`)).toContain(String.raw`<code>\frac{a</code>`);
  const text = String.raw`so $$\frac{a}{b}$$ and $x<y$`;
  for (let length = 1; length <= text.length; length++) {
    expect(() => html(text.slice(0, length), true)).not.toThrow();
  }
});

test("a formula that explodes is not drawn", { timeout: 10_000 }, () => {
  const started = performance.now();
  html(
    String.raw`$\def\a{xxxxxxxxxx}\def\b{\a\a\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b\b\b}\c\c\c\c\c\c\c\c$`,
  );
  html(`${String.raw`\(`.repeat(3_000)} ${"$a ".repeat(3_000)}`);
  expect(performance.now() - started).toBeLessThan(8_000);
});
