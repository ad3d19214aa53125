const STALLED = "The model stopped answering. Try again.";
const TOO_SLOW =
  "The answer took too long and was cut off. Ask for less at once, or raise MODEL_ANSWER_SECONDS.";

/**
 * Aborts `signal` when nothing touched it for `silenceMs`: a model that is silent for so long is taken for dead. And
 * `wholeMs` after it was made: one that goes on for ever is not alive either.
 */
export class StallWatch {
  private readonly controller = new AbortController();
  private readonly whole: NodeJS.Timeout;
  private timer: NodeJS.Timeout | undefined;
  /** Why it was aborted, for the person. */
  sentence = STALLED;

  constructor(
    private readonly silenceMs: number,
    wholeMs: number,
  ) {
    this.whole = setTimeout(() => {
      this.sentence = TOO_SLOW;
      this.controller.abort(new Error("the answer never ends"));
    }, wholeMs).unref();
    this.touch();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  touch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.controller.abort(new Error("the model stalled")), this.silenceMs);
    this.timer.unref();
  }

  /** Nothing is awaited any more. */
  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.whole);
  }

  /** The rest of the answer is not wanted: the model need not go on. */
  cut(): void {
    this.stop();
    this.controller.abort(new Error("the answer was cut off"));
  }
}
