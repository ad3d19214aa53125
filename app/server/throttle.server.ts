const MAX_KEYS = 10_000;

type Window = { count: number; endsAt: number };

/** Counts events per key in fixed windows, in this process's memory. */
export class Throttle {
  private readonly windows = new Map<string, Window>();

  constructor(private readonly options: { limit: number; windowMs: number }) {}

  /** Seconds until the key is free again; 0 when it is. */
  retryAfter(key: string): number {
    const window = this.windows.get(key);
    const left = (window?.endsAt ?? 0) - performance.now();
    if (!window || left <= 0 || window.count < this.options.limit) return 0;
    return Math.ceil(left / 1000);
  }

  hit(key: string): void {
    const window = this.windows.get(key);
    if (window && window.endsAt > performance.now()) window.count++;
    else this.open(key);
  }

  /** Takes back one hit. */
  forgive(key: string): void {
    const window = this.windows.get(key);
    if (window && window.count > 0) window.count--;
  }

  clear(key: string): void {
    this.windows.delete(key);
  }

  private open(key: string): void {
    // Insertion order is age: the oldest window goes first when the memory is full.
    this.windows.delete(key);
    const oldest = this.windows.size >= MAX_KEYS ? this.windows.keys().next().value : undefined;
    if (oldest !== undefined) this.windows.delete(oldest);
    this.windows.set(key, { count: 1, endsAt: performance.now() + this.options.windowMs });
  }
}
