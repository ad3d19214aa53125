import { expect, test } from "vitest";
import { Repeats } from "#app/shared/repeats.ts";

test("a record is a repeat at another place, not where it was read before, and not without an id", () => {
  const repeats = new Repeats();
  expect([repeats.has("a", 1), repeats.has("b", 2), repeats.has(undefined, 3)]).toEqual([
    false,
    false,
    false,
  ]);
  expect([repeats.has("a", 1), repeats.has("a", 4), repeats.has("b", 5), repeats.has(undefined, 6)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test("what lies further back than any writer repeats is forgotten", () => {
  const repeats = new Repeats();
  for (let seq = 0; seq <= 5_000; seq += 1) repeats.has(`id${seq}`, seq);
  expect(repeats.has("id5000", 9_000)).toBe(true);
  expect(repeats.has("id0", 9_001)).toBe(false);
});
