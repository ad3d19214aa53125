import { describe, expect, it } from "vitest";
import { cleanTitle } from "./title.ts";

describe("a title", () => {
  it.each([
    ['"Rivers of Europe."', "Rivers of Europe"],
    ["# **Rivers** of `Europe`\nmore", "Rivers of Europe"],
    ["Title: Rivers", "Rivers"],
    ["<think>hm, let me see\nrivers</think>\n\nRivers", "Rivers"],
    ["„Flüsse in C#“", "Flüsse in C#"],
    ["川\u0000の\u202Eはなし", "川 の はなし"],
  ])("of %j is one plain line", (text, title) => {
    expect(cleanTitle(text)).toBe(title);
  });

  it("is cut at a word to at most 60 characters", () => {
    const title = cleanTitle("word ".repeat(40)) ?? "";
    expect(title.length).toBeLessThanOrEqual(60);
    expect(title).toMatch(/word…$/);
    expect(cleanTitle("x".repeat(100))).toHaveLength(60);
  });

  it("is none when nothing readable is said", () => {
    for (const text of ["", "\n\n", "***", "<think>never ends", '""']) expect(cleanTitle(text)).toBeNull();
  });
});
