import { dictionary } from "@zxcvbn-ts/language-common";
import { expect, test } from "vitest";
import { isCommonPassword, MAX_PASSWORD } from "./password-rules.server.ts";

test.each([
  "password",
  "Password1!",
  "P@ssw0rd123",
  "12345678",
  "87654321",
  "aaaaaaaa",
  "abcabcabc",
  "qwertyuiop",
  "qwerty123",
  "1q2w3e4r",
  "iloveyou2",
  "football99",
  "letmein!!",
  "michael1987",
  "abc12345",
  "monkeymonkey",
])("%s is refused as one of the commonest", (password) => {
  expect(isCommonPassword(password)).toBe(true);
});

test("every one of the 3,000 commonest passwords that is long enough is refused", () => {
  const commonest = dictionary["passwords-common"].slice(0, 3_000).filter((word) => word.length >= 8);
  expect(commonest.length).toBeGreaterThan(500);
  expect(commonest.filter((word) => !isCommonPassword(word.toUpperCase()))).toEqual([]);
});

test.each([
  "correct horse battery",
  "tuba-plinth-49",
  "Wj8#kd02nX",
  "pass 7c0f2b54-0f8b-4b1a",
  "sommerregen im juli",
])("%s is accepted", (password) => {
  expect(isCommonPassword(password)).toBe(false);
});

test("signs and digits at both ends of a common word do not hide it; inside it they are its own", () => {
  expect(isCommonPassword("-- 7 sunshine 2024 !")).toBe(true);
  expect(isCommonPassword("_😀sunshine😀_")).toBe(true);
  expect(isCommonPassword("sun--7--shine")).toBe(false);
});

test("a text of any length is judged at once", () => {
  const began = performance.now();
  for (const length of [MAX_PASSWORD, 900_000]) isCommonPassword(`a${"-".repeat(length - 2)}a`);
  // Linear: some milliseconds. Quadratic: many minutes.
  expect(performance.now() - began).toBeLessThan(2_000);
});
