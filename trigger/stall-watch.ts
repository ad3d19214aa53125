/** A model that says nothing for that long is taken for dead. */
export const STALL_MS = 180_000;

/** Aborts `signal` when nothing touched it for `ms`. */
export class StallWatch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ms = STALL_MS) {
    this.touch();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get fired(): boolean {
    return this.signal.aborted;
  }

  touch(): void {
    this.stop();
    this.timer = setTimeout(() => this.controller.abort(new Error("the model stalled")), this.ms);
    this.timer.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
