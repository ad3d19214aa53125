import { expect, test } from "vitest";
import { agoOf } from "./ago.ts";

test.each([
  [0, "in the last hour"],
  [59, "in the last hour"],
  [60, "1 hour ago"],
  [23.5 * 60, "23 hours ago"],
  [24 * 60, "yesterday"],
  [12.9 * 24 * 60, "12 days ago"],
])("%d minutes are told as %s", (minutes, told) => {
  const now = new Date("2026-05-01T12:00:00Z");
  expect(agoOf(new Date(now.getTime() - minutes * 60_000), now)).toBe(told);
});
