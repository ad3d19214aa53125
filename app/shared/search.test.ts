import { describe, expect, it } from "vitest";
import { cutAtWords, excerptOf, resultAddress, searchWords } from "#app/shared/search.ts";

describe("an excerpt", () => {
  it("is the line around the first word that is found, cut between words", () => {
    const text = `${"before ".repeat(30)}the\nneedle ${"after ".repeat(60)}`;
    const excerpt = excerptOf(text, ["NEEDLE"]);
    expect(excerpt).toMatch(/^…before (before )+the needle (after )+aft?e?r?…$|^…(before )+the needle /);
    expect(excerpt.length).toBeLessThan(165);
    expect(excerpt.indexOf("needle")).toBeLessThan(60);
  });

  it("of a short text is the text", () => {
    expect(excerptOf("  All of\n it. ", ["it"])).toBe("All of it.");
  });
});

it("a text is cut at every word, with what is special in a pattern taken as it is", () => {
  expect(cutAtWords("a (b) A", ["(b)", "a"])).toEqual(["", "a", " ", "(b)", " ", "A", ""]);
  expect(cutAtWords("as it is", [])).toEqual(["as it is"]);
});

it("a result leads to the message in its chat, or to the chat", () => {
  expect(resultAddress({ chatId: "c", messageId: "m/1" })).toBe("/chats/c?message=m%2F1#m-m%2F1");
  expect(resultAddress({ chatId: "c", messageId: null })).toBe("/chats/c");
});

it("a search looks for at most eight words", () => {
  expect(searchWords("  one\ttwo  ")).toEqual(["one", "two"]);
  expect(searchWords("a b c d e f g h i j")).toHaveLength(8);
});
