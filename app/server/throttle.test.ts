import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Throttle } from "./throttle.server.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a key is held back at its limit, alone, and free again when its window ends", () => {
  const throttle = new Throttle({ limit: 3, windowMs: 60_000 });
  for (let i = 0; i < 3; i++) throttle.hit("ada");
  throttle.hit("bob");
  expect(throttle.retryAfter("ada")).toBe(60);
  expect(throttle.retryAfter("bob")).toBe(0);
  vi.advanceTimersByTime(59_500);
  expect(throttle.retryAfter("ada")).toBe(1);
  vi.advanceTimersByTime(500);
  expect(throttle.retryAfter("ada")).toBe(0);
});

test("a forgiven hit does not count", () => {
  const throttle = new Throttle({ limit: 1, windowMs: 60_000 });
  throttle.hit("ada");
  throttle.forgive("ada");
  expect(throttle.retryAfter("ada")).toBe(0);
});
