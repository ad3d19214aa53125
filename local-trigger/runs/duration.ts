const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, hr: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** The moment that `"30s"`, `"1h30m"` (from now) or an ISO date names, or null for anything else. */
export function momentAfter(value: string | undefined, now: Date = new Date()): Date | null {
  if (value === undefined) return null;
  const ms = durationMs(value);
  if (ms !== null) return new Date(now.getTime() + ms);
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : new Date(time);
}

/** Milliseconds of `"90s"`, `"15m"`, `"1h"`, `"7d"`, `"2w"` and their sums such as `"1h30m"`, or null. */
export function durationMs(value: string): number | null {
  if (!/^(\d+(hr|[smhdw]))+$/.test(value)) return null;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+)(hr|[smhdw])/g))
    total += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return total;
}
