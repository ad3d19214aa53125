/**
 * So many are woken in one turn of the event loop. In between, other connections are read and the next commit begins:
 * a stream that hundreds follow holds nobody up, its own writer included.
 */
const atOnce = 32;

/** Those who follow one stream. Each is woken once for all that was appended since it was woken last, in turn. */
export class FanOut {
  private readonly followers = new Set<() => void>();
  /** In the order in which they became due: who waits already keeps its place. */
  private readonly due = new Set<() => void>();
  private scheduled = false;

  get size(): number {
    return this.followers.size;
  }

  add(wake: () => void): void {
    this.followers.add(wake);
  }

  remove(wake: () => void): void {
    this.followers.delete(wake);
    this.due.delete(wake);
  }

  /** Few are woken before this returns. Many are woken once the writer has its answer, some at a time. */
  wake(): void {
    for (const wake of this.followers) this.due.add(wake);
    if (this.scheduled) return;
    if (this.due.size > atOnce) this.later();
    else this.wakeSome();
  }

  private later(): void {
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.wakeSome();
    });
  }

  private wakeSome(): void {
    let left = atOnce;
    for (const wake of this.due) {
      if (left === 0) return this.later();
      left -= 1;
      this.due.delete(wake);
      wake();
    }
  }
}
