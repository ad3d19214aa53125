/** Who waits for which stream, in this process. */
export class Watchers {
  private readonly byStream = new Map<string, Set<() => void>>();
  private readonly ofAll = new Set<(stream: string) => void>();

  watch(stream: string, wake: () => void): () => void {
    const set = this.byStream.get(stream) ?? new Set();
    this.byStream.set(stream, set);
    set.add(wake);
    return () => {
      set.delete(wake);
      if (set.size === 0 && this.byStream.get(stream) === set) this.byStream.delete(stream);
    };
  }

  /** Calls `wake` with the name of every stream that is woken, until the returned function is called. */
  watchAll(wake: (stream: string) => void): () => void {
    this.ofAll.add(wake);
    return () => this.ofAll.delete(wake);
  }

  wake(stream: string): void {
    for (const wake of this.ofAll) wake(stream);
    this.byStream.get(stream)?.forEach((wake) => wake());
  }

  /** Wakes everyone who waits for a stream whose name begins with `prefix`. */
  wakeBelow(prefix: string): void {
    for (const stream of this.byStream.keys()) if (stream.startsWith(prefix)) this.wake(stream);
  }
}
