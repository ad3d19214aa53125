const mostMs = 50;
/** Beyond so many for each millisecond of the interval, the interval grows. */
const writersPerMs = 4;
const announcedMs = 10_000;

/**
 * Who writes to streams now. The more there are, the longer each is asked to gather what it writes: an append costs much
 * the same whatever it holds.
 */
export class LiveWriters {
  private readonly open = new Map<string, number>();
  /** Streams that somebody was let in to write to, and has not begun; with the time. The oldest first. */
  private readonly announced = new Map<string, number>();

  constructor(
    private readonly leastMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How long the next writer of this stream is to gather, in milliseconds. */
  flushIntervalMs(stream: string): number {
    this.forgetStale();
    this.announced.delete(stream);
    if (!this.open.has(stream)) this.announced.set(stream, this.now());
    const live = this.open.size + this.announced.size;
    return Math.max(this.leastMs, Math.min(mostMs, Math.ceil(live / writersPerMs)));
  }

  /** An append session begins; call what is returned at its end. */
  began(stream: string): () => void {
    this.announced.delete(stream);
    this.open.set(stream, (this.open.get(stream) ?? 0) + 1);
    return () => {
      const left = (this.open.get(stream) ?? 1) - 1;
      if (left > 0) this.open.set(stream, left);
      else this.open.delete(stream);
    };
  }

  private forgetStale(): void {
    const limit = this.now() - announcedMs;
    for (const [stream, at] of this.announced) {
      if (at > limit) return;
      this.announced.delete(stream);
    }
  }
}
