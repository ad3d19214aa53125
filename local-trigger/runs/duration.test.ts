import { expect, test } from "vitest";
import { durationMs, momentAfter } from "./duration.ts";

test("durations are read in the units that the SDK writes", () => {
  expect(["30s", "10m", "1h", "7d", "2w", "1h30m"].map(durationMs)).toEqual([
    30_000, 600_000, 3_600_000, 604_800_000, 1_209_600_000, 5_400_000,
  ]);
  expect(["", "10", "m", "1y", "1h 30m"].map(durationMs)).toEqual([null, null, null, null, null]);
});

test("a moment is a duration from now or a date", () => {
  const now = new Date("2026-01-01T00:00:00.000Z");
  expect(momentAfter("1m", now)?.toISOString()).toBe("2026-01-01T00:01:00.000Z");
  expect(momentAfter("2027-02-03T04:05:06Z", now)?.toISOString()).toBe("2027-02-03T04:05:06.000Z");
  expect([momentAfter(undefined, now), momentAfter("soon", now)]).toEqual([null, null]);
});
