/** A limit per user as people are told of it. */
export type LimitKind =
  "answersPerMinute" | "answersPerDay" | "answersAtOnce" | "tokensPerDay" | "costMicrosPerDay";

type Use = { limit: LimitKind; used: number; of: number };

const NAMES: Record<LimitKind, string> = {
  answersPerMinute: "Answers in the last minute",
  answersPerDay: "Answers in the last 24 hours",
  answersAtOnce: "Answers at the same time",
  tokensPerDay: "Tokens in the last 24 hours",
  costMicrosPerDay: "Cost in the last 24 hours",
};

export const limitName = (limit: LimitKind): string => NAMES[limit];

const whole = new Intl.NumberFormat("en");
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });

const amount = (limit: LimitKind, value: number): string =>
  limit === "costMicrosPerDay" ? dollars.format(value / 1_000_000) : whole.format(Math.floor(value));

/** Such as `12 of 1,000 used`. */
export function usedOf({ limit, used, of }: Use): string {
  return `${amount(limit, used)} of ${amount(limit, of)} used`;
}

/** Such as `2 of 10 answers are left of the last 24 hours' limit.` */
export function leftOf({ limit, used, of }: Use): string {
  const left = `${amount(limit, Math.max(0, of - used))} of ${amount(limit, of)}`;
  const things: Record<LimitKind, string> = {
    answersPerMinute: " answers are left for this minute",
    answersPerDay: " answers are left of the last 24 hours' limit",
    answersAtOnce: " answers at the same time are left",
    tokensPerDay: " tokens are left of the last 24 hours' limit",
    costMicrosPerDay: " is left of the last 24 hours' limit",
  };
  return `${left}${things[limit]}.`;
}

/** Why nothing is answered now, and when it will be. */
export function limitReached({ limit, of, roomIn }: Omit<Use, "used"> & { roomIn: number }): string {
  const answers = of === 1 ? "1 answer" : `${amount(limit, of)} answers`;
  const reached: Record<LimitKind, string> = {
    answersPerMinute: `${answers} a minute`,
    answersPerDay: `${answers} in 24 hours`,
    answersAtOnce: `${answers} at the same time`,
    tokensPerDay: `${amount(limit, of)} tokens in 24 hours`,
    costMicrosPerDay: `${amount(limit, of)} in 24 hours`,
  };
  return `You have reached your limit of ${reached[limit]}. You can go on in ${duration(roomIn)}.`;
}

/** Such as `40 seconds`, `5 minutes`, `3 hours`; never too short. */
function duration(seconds: number): string {
  const steps: [number, string][] = [
    [3600, "hour"],
    [60, "minute"],
  ];
  // Up to 90 of the smaller unit: "2 hours" for 61 minutes would say too much.
  const [size, unit] = steps.find(([size]) => seconds > size * 1.5) ?? [1, "second"];
  const count = Math.ceil(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
