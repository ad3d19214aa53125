import type { Run } from "./run.ts";
import { WorkerPresence } from "./worker-presence.ts";

/** `queued`: a run was queued, or a slot became free. `registered`: a newer worker is there. */
export type QueueMove = "queued" | "registered" | "timeout" | "aborted" | "stopped";

type Watcher = (run: Run) => void;

// A worker that is busy with one snapshot drops the notice of the next; it is told again until it must have heard.
const REPEAT_AFTER_MS = [250, 1_000, 2_500];

/** Wake-ups inside this process. Only ever called after the commit of what they tell of. */
export class RunSignals {
  readonly workers = new WorkerPresence();
  private readonly watchers = new Set<Watcher>();
  private readonly notified = new Set<Watcher>();
  private readonly queueWaiters = new Set<(move: QueueMove) => void>();
  private readonly repeats = new Set<NodeJS.Timeout>();

  /** Calls `watcher` after every change of every run, until the returned function is called. */
  onChange(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Calls `watcher` whenever the worker of a run has to look at its newest snapshot. */
  onNotify(watcher: Watcher): () => void {
    this.notified.add(watcher);
    return () => this.notified.delete(watcher);
  }

  changed(run: Run): void {
    for (const watcher of this.watchers) watcher(run);
  }

  notify(run: Run): void {
    for (const watcher of this.notified) watcher(run);
  }

  /** For a snapshot that the worker must not miss; `isCurrent` tells whether it is still the newest. */
  notifyRepeatedly(run: Run, isCurrent: () => Promise<boolean>): void {
    this.notify(run);
    for (const delay of REPEAT_AFTER_MS) {
      const timeout = setTimeout(() => {
        this.repeats.delete(timeout);
        isCurrent().then(
          (current) => current && this.notify(run),
          () => undefined,
        );
      }, delay);
      this.repeats.add(timeout);
    }
  }

  /** The next thing that happens to the queue. `cancel` where nobody waits for it any more. */
  nextMove(holdMs: number, signal: AbortSignal): { move: Promise<QueueMove>; cancel: () => void } {
    let finish: (move: QueueMove) => void = () => undefined;
    const move = new Promise<QueueMove>((resolve) => (finish = resolve));
    const end = (what: QueueMove) => {
      clearTimeout(timeout);
      this.queueWaiters.delete(end);
      signal.removeEventListener("abort", aborted);
      finish(what);
    };
    const aborted = () => end("aborted");
    const timeout = setTimeout(() => end("timeout"), holdMs);
    this.queueWaiters.add(end);
    signal.addEventListener("abort", aborted);
    if (signal.aborted) aborted();
    return { move, cancel: () => end("aborted") };
  }

  queueMoved(move: QueueMove): void {
    for (const wake of this.queueWaiters) wake(move);
  }

  stop(): void {
    for (const timeout of this.repeats) clearTimeout(timeout);
    this.repeats.clear();
    this.queueMoved("stopped");
  }
}
