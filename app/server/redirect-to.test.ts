import { expect, test } from "vitest";
import { safeRedirect } from "./redirect-to.server.ts";

test.each(["/chats", "/chats/8f1c?older=120#end", "/"])("%s is a place of this site", (to) => {
  expect(safeRedirect(to)).toBe(to);
});

test.each([
  "https://evil.example/",
  "//evil.example",
  "/\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/%09//evil.example/..//",
  // Same-origin as they stand, and another's once their dots are taken away.
  "/.//evil.example",
  "/x/..//evil.example",
  "/%2e//evil.example",
  "javascript:alert(1)",
  "chats",
  "",
  null,
  42,
])("%j leads to the fallback or stays here", (to) => {
  const where = safeRedirect(to);
  expect(new URL(where, "http://here.example").origin).toBe("http://here.example");
  expect(where.startsWith("//")).toBe(false);
});
