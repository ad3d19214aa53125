import { setTimeout as sleep } from "node:timers/promises";

type Falsy = false | null | undefined | "" | 0;

/** Asks again until the answer is truthy, and returns it. Throws `what()` when `ms` milliseconds went by. */
export async function eventually<Value>(
  ask: () => Value | Promise<Value>,
  { what, ms = 10_000, everyMs = 25 }: { what: () => string; ms?: number; everyMs?: number },
): Promise<Exclude<Value, Falsy>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await ask();
    if (value) return value as Exclude<Value, Falsy>;
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms: ${what()}`);
    await sleep(everyMs);
  }
}
