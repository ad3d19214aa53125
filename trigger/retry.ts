import { setTimeout as sleep } from "node:timers/promises";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Long enough for a database that restarts or fails over, short enough for a person who waits. */
const GIVE_UP_MS = 20_000;

/** Tries again, with growing pauses, until it works or the time is over; then throws the last error. */
export async function retry<T>(work: () => Promise<T>, giveUpMs = GIVE_UP_MS): Promise<T> {
  const deadline = performance.now() + giveUpMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() + pause > deadline) throw error;
      await sleep(pause);
    }
  }
}
