import { expect, test } from "vitest";
import { decidedText } from "./decided-text.ts";
import { GrowingHtml } from "./growing-html.ts";

test.each([
  ["One word", "One word"],
  ["One **", "One"],
  ["Q&am", "Q"],
  ["Q&&#3", "Q&"],
  ["Seen.\n\n  12.", "Seen."],
  ["Seen.\n  -", "Seen."],
  ["Seen.\n- one", "Seen.\n- one"],
  ["12", ""],
  ["\n> ", ""],
  ["In 12", "In 12"],
])("of %j this is decided: %j", (text, decided) => expect(decidedText(text)).toBe(decided));

const inTime = (work: () => unknown) => {
  const began = performance.now();
  work();
  // Linear: some milliseconds. Quadratic: ten seconds and more.
  expect(performance.now() - began).toBeLessThan(1_000);
};

test.each(["\n", " ", "*", "\n*"])("200,000 times %j before a word is looked at once", (signs) => {
  const text = `${signs.repeat(200_000 / signs.length)}a`;
  inTime(() => decidedText(text));
  inTime(() => decidedText(`a${text}`));
  inTime(() => new GrowingHtml().grow(`<p>a${text}</p>`, false));
});
