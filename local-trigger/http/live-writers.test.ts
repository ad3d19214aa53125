import { expect, it } from "vitest";
import { LiveWriters } from "./live-writers.ts";

function writers() {
  const clock = { now: 0 };
  const live = new LiveWriters(10, () => clock.now);
  return {
    clock,
    live,
    ask: (count: number) => Array.from({ length: count }, (_, at) => live.flushIntervalMs(`s${at}`)),
  };
}

it("asks few writers for the shortest interval, and many for a longer one up to a bound", () => {
  expect(writers().ask(40).at(-1)).toBe(10);
  expect(writers().ask(120).at(-1)).toBe(30);
  expect(writers().ask(1000).at(-1)).toBe(50);
});

it("counts a stream once, however often its writer asks and opens", () => {
  const { live, ask } = writers();
  for (let round = 0; round < 10; round += 1) ask(40);
  live.began("s0");
  live.began("s0");
  expect(live.flushIntervalMs("s0")).toBe(10);
});

it("counts a writer for as long as it appends, and one that never came for ten seconds", () => {
  const { clock, live, ask } = writers();
  ask(160);
  const ends = Array.from({ length: 80 }, (_, at) => live.began(`s${at}`));
  clock.now = 10_001;
  expect(live.flushIntervalMs("next")).toBe(Math.ceil(81 / 4));
  for (const end of ends) end();
  expect(live.flushIntervalMs("next")).toBe(10);
});
