/** Workers ask again within a fraction of this. */
const PAUSE_MS = 2_000;
/** A worker that is full asks for nothing; its runs are heard of every 30 s. */
const REPORT_MS = 65_000;

/** Whether a worker is there: one that asks for runs, or one that has as many as it can take. */
export class WorkerPresence {
  private asking = 0;
  // Of the clock that does not jump.
  private askedAt = -Infinity;
  private connected = 0;
  private reportedAt = -Infinity;

  get isPresent(): boolean {
    return this.state !== "absent";
  }

  /** asking: one takes runs at once; busy: one is there, and asks for none. */
  get state(): "absent" | "busy" | "asking" {
    const now = performance.now();
    if (this.asking > 0 || now - this.askedAt < PAUSE_MS) return "asking";
    return this.connected > 0 && now - this.reportedAt < REPORT_MS ? "busy" : "absent";
  }

  /** A worker waits for runs, until the returned function is called. */
  asks(): (wasAnswered: boolean) => void {
    this.asking += 1;
    return (wasAnswered) => {
      this.asking -= 1;
      if (wasAnswered) this.askedAt = performance.now();
    };
  }

  /** A worker opened its socket. The returned function tells that it has gone. */
  connects(): () => void {
    this.connected += 1;
    return () => {
      this.connected -= 1;
      // What was heard was the lost worker's: the next one has to be heard of itself.
      if (this.connected === 0) this.reportedAt = -Infinity;
    };
  }

  /** A worker reported on one of its runs. */
  reports(): void {
    this.reportedAt = performance.now();
  }
}
