const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** How long ago something was, as exactly as the hour: "in the last hour", "3 hours ago", "yesterday". */
export function agoOf(then: Date, now: Date): string {
  const passed = now.getTime() - then.getTime();
  if (passed < HOUR) return "in the last hour";
  const [amount, unit] = passed < DAY ? ([passed / HOUR, "hour"] as const) : ([passed / DAY, "day"] as const);
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  return format.format(-Math.floor(amount), unit);
}
