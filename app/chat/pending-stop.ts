import type { FactStore } from "#app/chat/chat-facts.ts";

export type StopOptions = {
  facts: FactStore;
  /** This long without a record after the stop, and nobody will end the turn. */
  patienceMs: number;
  /** Appends the stop, and gives its sequence number. */
  append: () => Promise<number | null>;
  onGiveUp: (seq: number | null) => void;
};

/** The stop that the user has asked for, until the turn has ended or nobody is there to end it. */
export class PendingStop {
  #asked = false;
  #acknowledged = false;
  #seq: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: StopOptions) {}

  /** Does nothing while one is pending. A stop that cannot be sent leaves everything as it was, and is told. */
  async ask(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    this.options.facts.set({ stopping: true, stopFailed: false });
    try {
      this.#seq = await this.options.append();
      // The turn may have ended by itself in the meantime.
      this.#acknowledged = this.#asked;
      this.heard();
    } catch {
      const stopFailed = this.#asked;
      this.end();
      this.options.facts.set({ stopFailed });
    }
  }

  /** One that was asked for before the page was loaded, or elsewhere. Its time begins with `heard`. */
  takeUp(seq: number): boolean {
    if (this.#asked) return false;
    this.#asked = this.#acknowledged = true;
    this.#seq = seq;
    this.options.facts.set({ stopping: true });
    return true;
  }

  /** A record came: the run is alive, its end of the turn is still to be expected. */
  heard(): void {
    if (!this.#acknowledged) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.options.onGiveUp(this.#seq), this.options.patienceMs);
  }

  /** The turn is over. */
  end(): void {
    clearTimeout(this.#timer);
    this.#asked = this.#acknowledged = false;
    this.options.facts.set({ stopping: false, stopFailed: false });
  }
}
