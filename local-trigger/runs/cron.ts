import { createHash } from "node:crypto";
import { CronExpressionParser } from "cron-parser";

/** When a schedule ticks. `window`: "30m", "2h" or "30%" by which each tick is put off, always alike; null for none. */
export type Rhythm = { id: string; cron: string; timezone: string; window: string | null };

const UNIT_MS = { m: 60_000, h: 3_600_000 } as const;
const MAX_WINDOW_MS = 24 * UNIT_MS.h;

/** Five fields, from minute to day of the week. */
export function isCron(expression: string): boolean {
  if (expression.trim().split(/\s+/).length !== 5) return false;
  try {
    CronExpressionParser.parse(expression).next();
    return true;
  } catch {
    return false;
  }
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** "0m" to "1440m", "0h" to "24h", "0%" to "100%". */
export function isWindow(window: string): boolean {
  const [, amount, unit] = /^(0|[1-9]\d*)([mh%])$/.exec(window) ?? [];
  if (amount === undefined) return false;
  if (unit === "%") return Number(amount) <= 100;
  return Number(amount) * UNIT_MS[unit as "m" | "h"] <= MAX_WINDOW_MS;
}

/** The first tick after a moment. */
export function tickAfter({ cron, timezone }: Pick<Rhythm, "cron" | "timezone">, moment: Date): Date {
  return CronExpressionParser.parse(cron, { currentDate: moment, tz: timezone }).next().toDate();
}

export function ticksAfter(rhythm: Rhythm, moment: Date, count: number): Date[] {
  const ticks: Date[] = [];
  for (let last = moment; ticks.length < count; ticks.push(last)) last = tickAfter(rhythm, last);
  return ticks;
}

/** When the run of a tick starts. */
export function startOf(rhythm: Rhythm, tick: Date): Date {
  if (rhythm.window === null) return tick;
  const interval = tickAfter(rhythm, tick).getTime() - tick.getTime();
  const range = Math.min(windowMs(rhythm.window, interval), interval);
  return new Date(tick.getTime() + Math.floor(phaseOf(rhythm.id) * range));
}

/** The first tick after `last` whose start is still to come; what was missed before it is passed over. */
export function nextTick(rhythm: Rhythm, last: Date, now: Date): Date {
  const earliest = now.getTime() - (rhythm.window === null ? 0 : MAX_WINDOW_MS);
  let tick = tickAfter(rhythm, new Date(Math.max(last.getTime(), earliest)));
  while (startOf(rhythm, tick) <= now) tick = tickAfter(rhythm, tick);
  return tick;
}

function windowMs(window: string, interval: number): number {
  const amount = Number.parseInt(window, 10);
  if (window.endsWith("%")) return (interval * amount) / 100;
  return amount * UNIT_MS[window.endsWith("h") ? "h" : "m"];
}

/** Between 0 and 1, the same for the same schedule, always. */
function phaseOf(id: string): number {
  return createHash("sha256").update(id).digest().readUInt32BE(0) / 2 ** 32;
}
