import { expect, test } from "vitest";
import { Admission, type Pool } from "./admission.ts";

const pool = (name: string, change: Partial<Pool> = {}): Pool => ({
  name,
  perKey: null,
  total: null,
  paused: false,
  ...change,
});
const run = (queue: string, concurrencyKey: string | null = null, limits: string[] = []) => ({
  queue,
  concurrencyKey,
  limits,
});

test("each key has its own slots, and runs without a key share theirs", () => {
  const slots = new Admission([pool("q", { perKey: 1 })], [], [{ ...run("q", "a"), count: 1 }]);
  expect(slots.admit(run("q", "a"))).toBe(false);
  expect(slots.admit(run("q", "b"))).toBe(true);
  expect(slots.admit(run("q", "b"))).toBe(false);
  expect(slots.admit(run("q"))).toBe(true);
  expect(slots.admit(run("q"))).toBe(false);
});

test("a total counts all keys together", () => {
  const slots = new Admission([pool("q", { total: 2 })], [], []);
  expect(["a", "b", "c"].map((key) => slots.admit(run("q", key)))).toEqual([true, true, false]);
});

test("a run needs room in every pool, and takes none where one has no room", () => {
  const slots = new Admission([pool("limit/x", { total: 1 }), pool("q", { total: 1 })], [], []);
  expect(slots.admit(run("other", null, ["limit/x"]))).toBe(true);
  expect(slots.admit(run("q", null, ["limit/x"]))).toBe(false);
  expect(slots.admit(run("q"))).toBe(true);
});

test("a pool that nothing limits admits any number; one that is paused admits nobody, but lets who was in go on", () => {
  const slots = new Admission([pool("paused", { paused: true })], [], []);
  expect(Array.from({ length: 50 }, () => slots.admit(run("free"))).every(Boolean)).toBe(true);
  expect(slots.admit(run("paused"))).toBe(false);
  expect(slots.hasRoom(run("paused"))).toBe(true);
});

test("one key may be given more or fewer slots than the others", () => {
  const overrides = [
    { name: "q", concurrencyKey: "many", perKey: 2 },
    { name: "q", concurrencyKey: "none", perKey: 0 },
  ];
  const slots = new Admission([pool("q", { perKey: 1 })], overrides, []);
  expect(["many", "many", "many"].map((key) => slots.admit(run("q", key)))).toEqual([true, true, false]);
  expect(slots.admit(run("q", "none"))).toBe(false);
});
