import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Markdown } from "./markdown.tsx";
import { markdownBlocks } from "./markdown-blocks.ts";

const html = (text: string, streaming = false) =>
  renderToStaticMarkup(<Markdown text={text} streaming={streaming} />);

/** The text that a browser would show, with the few entities that React writes undone. */
function textOf(markup: string): string {
  const plain = markup.replace(/<[^>]*>/g, "");
  const entities: Record<string, string> = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#x27;": "'",
    "&amp;": "&",
  };
  return plain.replace(/&(lt|gt|quot|#x27|amp);/g, (entity) => entities[entity] ?? entity);
}

test.each([
  "<script>alert(1)</script>",
  '<img src="https://trap.example/x.png" onerror="alert(1)">',
  "text <iframe src='https://trap.example'></iframe> text",
  '<a href="javascript:alert(1)">x</a>',
  "<svg/onload=alert(1)>",
  "<style>body{display:none}</style>",
])("HTML of a model is text and no element: %s", (text) => {
  expect(html(text)).not.toMatch(/<(script|img|iframe|svg|style|a)\b/i);
  expect(textOf(html(text))).toContain("<");
});

test.each([
  ["<mailto:a@example.org>", true],
  ["[write](mailto:a@example.org?subject=x)", true],
  ["[write](MAILTO:a@example.org)", true],
  ["[call](tel:123)", false],
  ["[x](java\nscript:alert(1))", false],
  ["[x](data:text/html,x)", false],
  ["[x](file:///etc/passwd)", false],
  ["[x](//elsewhere.example/)", false],
  ["[x](mailtojavascript:alert(1))", false],
])("S8: links open the web and mail alone: %s", (text, opens) => {
  const link = /<a href="([^"]*)"([^>]*)>/.exec(html(text));
  expect(link !== null).toBe(opens);
  if (opens) expect(link?.[2]).toContain('rel="noopener noreferrer nofollow"');
});

test("HTML that is split between two deltas never becomes an element", () => {
  const text = 'So: <img src="https://trap.example/x.png"> and <script>alert(1)</script> end.';
  for (let length = 1; length <= text.length; length++) {
    expect(html(text.slice(0, length), true)).not.toMatch(/<(img|script)/i);
  }
});

test.each([
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:x)",
  "[x](file:///etc/passwd)",
  "[x](/logout)",
  "[x](&#106;avascript:alert(1))",
])("a link of an unsafe scheme is plain text: %s", (text) => {
  expect(html(text)).not.toContain("<a");
  expect(textOf(html(text))).toBe("x");
});

test("a safe link opens elsewhere, without an opener or a referrer", () => {
  expect(html("[site](https://example.org/a?b=c)")).toBe(
    '<p><a href="https://example.org/a?b=c" target="_blank" rel="noopener noreferrer nofollow">site</a></p>',
  );
});

test("an image is a link to it and loads nothing by itself", () => {
  const markup = html("![a chart](https://trap.example/leak?text=secret)");
  expect(markup).not.toContain("<img");
  expect(markup).toContain('<a href="https://trap.example/leak?text=secret"');
  expect(textOf(markup)).toBe("a chart");
  expect(html("![x][ref]\n\n[ref]: https://trap.example/y")).not.toContain("<img");
});

test("a half-written image or link loads nothing while it streams", () => {
  const text = "see ![a chart](https://trap.example/leak?text=secret) there";
  for (let length = 1; length <= text.length; length++) {
    expect(html(text.slice(0, length), true)).not.toContain("<img");
  }
});

test("text without syntax is shown as it is", () => {
  const text = "Word001 word002, and so on: äöü 漢字 “quotes” – 2 > 1 & 3 < 4 👩‍🚀.\nA second line.";
  expect(textOf(html(text))).toBe(text);
});

test("code is highlighted in the server's HTML too, and its button and language add no text", () => {
  const markup = html("```ts\nconst a = 1;\n```");
  expect(markup).toContain("hljs-keyword");
  expect(markup).toContain('data-language="ts"');
  expect(textOf(markup)).toBe("const a = 1;\n");
});

test("a table keeps its alignment without a style attribute", () => {
  const markup = html("| a | b |\n| --- | --: |\n| 1 | 2 |");
  expect(markup).toContain('class="align-right"');
  expect(markup).not.toContain("style=");
});

test("while text is added only the last block changes", () => {
  const start = markdownBlocks("# One\n\nTwo **three", true);
  const later = markdownBlocks("# One\n\nTwo **three** four\n\n```ts\nlet", true);
  expect(start).toEqual(["# One", "Two **three**"]);
  expect(later.slice(0, 2)).toEqual(["# One", "Two **three** four"]);
});

test("a definition at the end reaches the link at the beginning", () => {
  const markup = html("See [the site][s].\n\nMore text.\n\n[s]: https://example.org/");
  expect(markup).toContain('<a href="https://example.org/"');
});

test.each([
  "*_`[",
  "]",
  "*a",
  "`a",
  "$a ",
  "[a](",
  "![",
  "_a ",
  "a\n",
  "```\n```\n[a]: b\n*a",
  "``` `\n*a",
  "a\n\n",
  "2. ]\n",
])("200,000 signs of %j are shown in reasonable time, all of them", { timeout: 60_000 }, (piece) => {
  const text = piece.repeat(200_000 / piece.length);
  for (const streaming of [false, true]) {
    const began = performance.now();
    const shown = textOf(html(text, streaming));
    // Within the bound: a second at most. As Markdown: a quarter of an hour.
    expect(performance.now() - began).toBeLessThan(8_000);
    expect(shown.length).toBeGreaterThan(40_000);
  }
});

test("quotes nested 5,000 deep are shown as they are written", () => {
  const text = `Look:\n\n${">".repeat(5_000)} end`;
  for (const streaming of [false, true]) expect(textOf(html(text, streaming))).toContain(">> end");
  expect(html(">".repeat(40) + " quoted")).toContain("<blockquote>");
});

test("what people and models really write long stays Markdown", () => {
  const list = Array.from({ length: 800 }, (_, at) => `- **Item ${at}** with \`code\``).join("\n");
  expect(html(list).match(/<li>/g)).toHaveLength(800);
  const code = `\`\`\`js\n${"a[0] = b * c;\n".repeat(4_000)}\`\`\``;
  expect(html(code)).toContain("<code");
  expect(html(code)).not.toContain("as-written");
  expect(html(`See [the site][s] and **more**.\n\n${code}\n\n[s]: https://example.org/`)).toContain(
    "<strong>",
  );
});

test("200,000 empty lines in a code block are looked at once", () => {
  const began = performance.now();
  markdownBlocks(`\`\`\`\n${"\n".repeat(200_000)}a\n\`\`\``, false);
  // Linear: some milliseconds. Quadratic: ten seconds and more.
  expect(performance.now() - began).toBeLessThan(2_000);
});
