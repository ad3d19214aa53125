const WINDOW_SECONDS = 120;
/** Where something on the way holds an answer back until it is complete, it is asked for in short pieces. */
const SHORT_WINDOW_SECONDS = 3;
/** From its first byte to its end, an answer that is passed on as it comes takes at least this long. */
const PASSED_ON_MS = 500;
const USEFUL_MS = 1_000;

/** Tells a connection that is only idle from one that is dead or held back by a proxy; the server pings. */
export class SilenceWatch {
  /** For how long the server should hold a connection on which nothing happens, in seconds. */
  windowSeconds = WINDOW_SECONDS;
  #began = 0;
  #first: number | null = null;
  #last = 0;
  #silent = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly silenceMs: number) {}

  begin(onSilence: () => void): void {
    this.#began = this.#last = performance.now();
    this.#first = null;
    this.#silent = false;
    this.#timer = setInterval(() => {
      if (performance.now() - this.#last < this.silenceMs) return;
      this.#silent = true;
      onSilence();
    }, this.silenceMs / 4);
  }

  /** Bytes of the body came, pings included. */
  heard(): void {
    this.#last = performance.now();
    this.#first ??= this.#last;
  }

  /** The connection is over. True when it was worth having though it may have brought no record. */
  end(): boolean {
    clearInterval(this.#timer);
    const now = performance.now();
    if (this.#first === null && this.#silent) this.windowSeconds = SHORT_WINDOW_SECONDS;
    if (this.#first !== null && now - this.#first > PASSED_ON_MS) this.windowSeconds = WINDOW_SECONDS;
    return !this.#silent && now - this.#began > USEFUL_MS;
  }
}
