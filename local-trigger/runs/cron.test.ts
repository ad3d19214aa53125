import { describe, expect, test } from "vitest";
import { isCron, isTimezone, isWindow, nextTick, startOf, tickAfter, ticksAfter } from "./cron.ts";

const rhythm = (cron: string, timezone = "UTC", window: string | null = null) => ({
  id: "sched_1",
  cron,
  timezone,
  window,
});
const iso = (dates: Date[]) => dates.map((date) => date.toISOString());

describe("ticks", () => {
  test("are those of the time zone, before and after its clocks change", () => {
    const midnight = rhythm("0 0 * * *", "America/New_York");
    expect(iso(ticksAfter(midnight, new Date("2026-03-07T12:00:00Z"), 2))).toEqual([
      "2026-03-08T05:00:00.000Z",
      "2026-03-09T04:00:00.000Z",
    ]);
  });

  test("of an hour that a change of clocks leaves out or repeats come once", () => {
    const skipped = rhythm("30 2 * * *", "Europe/Berlin");
    expect(ticksAfter(skipped, new Date("2026-03-28T12:00:00Z"), 2).map((tick) => tick.getUTCDate())).toEqual(
      [29, 30],
    );
    expect(iso(ticksAfter(skipped, new Date("2026-10-24T12:00:00Z"), 2))[1]).toBe("2026-10-26T01:30:00.000Z");
  });

  test("may name the last day of a month", () => {
    expect(iso([tickAfter(rhythm("0 9 L * *"), new Date("2026-02-10T00:00:00Z"))])).toEqual([
      "2026-02-28T09:00:00.000Z",
    ]);
  });

  test("that were missed are passed over", () => {
    const next = nextTick(
      rhythm("*/5 * * * *"),
      new Date("2026-01-01T00:05:00Z"),
      new Date("2026-01-03T10:07:00Z"),
    );
    expect(next.toISOString()).toBe("2026-01-03T10:10:00.000Z");
  });
});

describe("a window", () => {
  test("puts a tick off, always alike, and never past the next one", () => {
    const tick = new Date("2026-01-01T00:00:00Z");
    const spread = rhythm("0 * * * *", "UTC", "24h");
    const start = startOf(spread, tick);
    expect(start.getTime()).toBeGreaterThan(tick.getTime());
    expect(start.getTime()).toBeLessThan(tick.getTime() + 3_600_000);
    expect(startOf(spread, tick)).toEqual(start);
    expect(startOf({ ...spread, id: "sched_2" }, tick)).not.toEqual(start);
    expect(startOf({ ...spread, window: "0m" }, tick)).toEqual(tick);
  });

  test("does not lose a tick whose start is still to come", () => {
    const spread = rhythm("0 * * * *", "UTC", "100%");
    const tick = new Date("2026-01-01T05:00:00Z");
    expect(
      nextTick(spread, new Date("2026-01-01T00:00:00Z"), new Date(startOf(spread, tick).getTime() - 1)),
    ).toEqual(tick);
  });
});

describe("what is refused", () => {
  test.each(["", "* * * *", "* * * * * *", "61 * * * *", "0 0 31 2 *", "every day"])(
    "as cron: %j",
    (text) => {
      expect(isCron(text)).toBe(false);
    },
  );
  test("as time zone and as window", () => {
    expect(["UTC", "Asia/Tokyo", "Mars/Base"].map(isTimezone)).toEqual([true, true, false]);
    expect(["0m", "24h", "100%", "25h", "101%", "30s", ""].map(isWindow)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
