/** Random numbers from 0 to 1 that are the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const TEXTS = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "' OR 1=1 --",
  "%00%ff",
  "9".repeat(40),
  "-1",
  "NaN",
  "1e309",
  "2026-02-30T25:61:00Z",
  "a".repeat(70_000),
  "💥".repeat(50),
];
const NUMBERS = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308];
const POLLUTED = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"metadata":{"__proto__":{"polluted":true}},"operations":[{"type":"set","key":"$.__proto__.polluted","value":true}]}',
];

/** Values and bodies that a careful server refuses or bears. */
export class Hostile {
  constructor(readonly random: () => number) {}

  pick<One>(from: readonly One[]): One {
    return from[Math.floor(this.random() * from.length)] as One;
  }

  text(): string {
    return this.pick(TEXTS);
  }

  value(depth = 3): unknown {
    const kind = Math.floor(this.random() * (depth > 0 ? 7 : 5));
    if (kind === 0) return this.text();
    if (kind === 1) return this.pick(NUMBERS);
    if (kind === 2) return null;
    if (kind === 3) return this.random() < 0.5;
    if (kind === 4) return JSON.parse(this.pick(POLLUTED)) as unknown;
    if (kind === 5) return Array.from({ length: 3 }, () => this.value(depth - 1));
    return Object.fromEntries([0, 1].map(() => [this.text().slice(0, 50), this.value(depth - 1)]));
  }

  /** A body of JSON, or something that only looks like it; half of them are `sound` with one value changed. */
  body(sound: readonly unknown[]): string {
    const kind = this.random();
    if (kind < 0.5) return JSON.stringify(this.changed(this.pick(sound)));
    if (kind < 0.65) return this.pick(POLLUTED);
    if (kind < 0.72) return "[".repeat(5000);
    if (kind < 0.8) return this.text();
    return JSON.stringify(this.value());
  }

  /** The same with one value, somewhere inside, replaced. */
  changed(value: unknown): unknown {
    if (typeof value !== "object" || value === null || this.random() < 0.15) return this.value(2);
    const entries = Object.entries(value);
    const [name] = this.pick(entries) ?? [];
    const next = entries.map(([key, inner]) => [key, key === name ? this.changed(inner) : inner] as const);
    return Array.isArray(value) ? next.map(([, inner]) => inner) : Object.fromEntries(next);
  }
}
