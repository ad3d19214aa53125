import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 15;
const PAUSE_MS = 200;

/**
 * What `look` finds, as soon as that is saved, or after three seconds: an answer's end reaches the page a moment before
 * its run has stored it.
 */
export async function whenSaved<Found>(
  look: () => Promise<Found>,
  isSaved: (found: Found) => boolean,
): Promise<Found> {
  for (let tries = 1; ; tries += 1) {
    const found = await look();
    if (tries === TRIES || isSaved(found)) return found;
    await sleep(PAUSE_MS);
  }
}
