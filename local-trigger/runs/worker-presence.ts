/** Workers ask again within a fraction of this. */
const PAUSE_MS = 2_000;
/** A worker that is full asks for nothing; its runs are heard of every 30 s. */
const REPORT_MS = 65_000;

/** Whether a worker is there: one that asks for runs, or one that has as many as it can take. */
export class WorkerPresence {
  private asking = 0;
  private askedAt = 0;
  private connected = 0;
  private reportedAt = 0;

  get isPresent(): boolean {
    const now = Date.now();
    if (this.asking > 0 || now - this.askedAt < PAUSE_MS) return true;
    return this.connected > 0 && now - this.reportedAt < REPORT_MS;
  }

  /** A worker waits for runs, until the returned function is called. */
  asks(): (wasAnswered: boolean) => void {
    this.asking += 1;
    return (wasAnswered) => {
      this.asking -= 1;
      if (wasAnswered) this.askedAt = Date.now();
    };
  }

  /** A worker opened its socket. The returned function tells that it has gone. */
  connects(): () => void {
    this.connected += 1;
    return () => {
      this.connected -= 1;
      // What was heard was the lost worker's: the next one has to be heard of itself.
      if (this.connected === 0) this.reportedAt = 0;
    };
  }

  /** A worker reported on one of its runs. */
  reports(): void {
    this.reportedAt = Date.now();
  }
}
