import { quantile } from "./statistics.ts";

/** What was measured, against what, and what stands in the way of more. */
export interface Result {
  what: string;
  value: number;
  unit: "×" | "ms" | "%" | "MB" | "";
  against: string;
  /** `value` over the same of what it is measured against, where `value` is no ratio itself. */
  ratio?: number;
  /** Missing where the project has set itself none. */
  aim?: { at: "most" | "least"; value: number };
  /** How many values `value` was drawn from. */
  samples: number;
  /** p10 and p90 of them. */
  spread?: [number, number];
  limit: string;
  /** More numbers of the same measurement, by name. */
  details?: Record<string, number>;
}

export interface Figure<Bench> {
  name: string;
  title: string;
  /** Figures of one group share a server. */
  group?: string;
  /** What has to lie some time back when `run` begins; called before the first figure of the group. */
  begin?: (bench: Bench) => Promise<void>;
  /** Throws when the measurement itself is broken; a missed aim is a result. */
  run: (bench: Bench) => Promise<Result[]>;
}

export function spreadOf(values: number[]): [number, number] {
  return [quantile(values, 0.1), quantile(values, 0.9)];
}

/** Null where there is no aim. */
export function isMet({ aim, value }: Result): boolean | null {
  if (!aim) return null;
  return aim.at === "most" ? value <= aim.value : value >= aim.value;
}

const digits = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);

function withUnit(value: number, unit: Result["unit"]): string {
  return unit === "×" || unit === "" ? `${digits(value)}${unit}` : `${digits(value)} ${unit}`;
}

/** One result for people, two or three lines. */
export function describe(result: Result): string {
  const { what, value, unit, against, aim, samples, spread, limit, details } = result;
  const met = isMet(result);
  const verdict = aim
    ? `aim ${aim.at === "most" ? "≤" : "≥"} ${withUnit(aim.value, unit)}: ${met ? "met" : "MISSED"}`
    : "no aim";
  const range = spread ? `, p10–p90 ${digits(spread[0])}–${digits(spread[1])}` : "";
  const more = Object.entries(details ?? {}).map(([name, number]) => `${name} ${digits(number)}`);
  return [
    `  ${what}: ${withUnit(value, unit)} (${verdict}; n=${samples}${range})`,
    `    against: ${against}`,
    ...(more.length > 0 ? [`    ${more.join(", ")}`] : []),
    `    limited by: ${limit}`,
  ].join("\n");
}
