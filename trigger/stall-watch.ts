/** Aborts `signal` when nothing touched it for `ms`: a model that is silent for so long is taken for dead. */
export class StallWatch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ms: number) {
    this.touch();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
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
