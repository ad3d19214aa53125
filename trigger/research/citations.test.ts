import { expect, test } from "vitest";
import { withCitations } from "./citations.ts";
import { linksIn } from "./links.ts";
import { jsonIn } from "./research-model.ts";
import { z } from "zod";

process.env.DATABASE_URL ??= "postgres://unused";
process.env.SESSION_SECRET ??= "0123456789abcdef";

const sources = [
  { number: 1, url: "https://one.example/a_(b)", title: "One" },
  { number: 2, url: "https://two.example/", title: "Two" },
];

test("a number becomes a link to its source; one that no source has goes", () => {
  expect(withCitations("Old [1], long [1, 2] and high [7].", sources)).toBe(
    String.raw`Old [\[1\]](https://one.example/a_%28b%29), long [\[1\]](https://one.example/a_%28b%29) [\[2\]](https://two.example/) and high .`,
  );
});

test("links, images and addresses that the model wrote itself go, and their words stay", () => {
  const report = [
    "See [here](https://trap.example/?q=secret), ![a picture](https://trap.example/p.png) or https://trap.example/bare",
    "and <https://trap.example/auto> or [there][ref] [1](https://trap.example/one).",
    "[ref]: https://trap.example/ref",
  ].join("\n");
  const written = withCitations(report, sources);
  expect(written).not.toContain("trap.example");
  expect(written).toContain("See here, a picture or");
  expect(written).toContain("https://one.example/a_%28b%29");
});

test("links of a page are found once, in order, without its own, and only those that may be read", () => {
  const page = [
    "[One](https://one.example/x#part) [again](https://one.example/x) [own](https://own.example/)",
    "[script](javascript:alert(1)) [inside](http://one.example:8080/) [Two](https://two.example/?a=b)",
  ].join("\n");
  expect(linksIn(page, "https://own.example/")).toEqual([
    { url: "https://one.example/x", label: "One" },
    { url: "https://two.example/?a=b", label: "Two" },
  ]);
});

test("JSON is found between a model's other words, and what has another shape is not taken", () => {
  const shape = z.object({ notes: z.string() });
  expect(jsonIn('Sure:\n```json\n{"notes": "n"}\n```\nDone.', shape)).toEqual({ notes: "n" });
  expect(jsonIn('{"notes": 3}', shape)).toBeNull();
  expect(jsonIn("{no json}", shape)).toBeNull();
});

test.each(["[", "![", "[a](https://", "[a](https://x ", "[\n"])(
  "a page and a report of 60,000 signs of %j are read at once",
  (piece) => {
    const text = piece.repeat(60_000 / piece.length);
    const began = performance.now();
    linksIn(text, "https://own.example/");
    withCitations(text, []);
    // As it is: a tenth of a second. With parts that share signs: minutes.
    expect(performance.now() - began).toBeLessThan(2_000);
  },
);
