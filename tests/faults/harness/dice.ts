/** The seed of this run: FAULT_SEED, or a new one. It is printed, so that a run can be had again. */
export const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** How often a row is repeated: FAULT_ROUNDS, or `few` in the short suite. */
export const rounds = (few: number): number => Number(process.env.FAULT_ROUNDS ?? few);

/** Chance that repeats itself: the same seed and the same name give the same numbers. */
export class Dice {
  #state: number;

  constructor(name: string, seed = SEED) {
    this.#state = Array.from(name).reduce(
      (sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 16_777_619),
      seed,
    );
  }

  /** From 0 up to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** So many of these in random order, each as often as the others. */
  drawn<Item>(items: readonly Item[], count: number): Item[] {
    const drawn: Item[] = [];
    while (drawn.length < count) drawn.push(...this.shuffled(items));
    return drawn.slice(0, count);
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const drawn = items.map((item) => ({ item, at: this.next() }));
    return drawn.sort((a, b) => a.at - b.at).map(({ item }) => item);
  }
}
