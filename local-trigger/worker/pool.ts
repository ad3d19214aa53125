import { availableParallelism } from "node:os";
import type { Log } from "../log.ts";
import type { RunProcess } from "./run-process.ts";
import type { TaskBuild } from "./task-build.ts";

export type PoolOptions = {
  fork: (build: TaskBuild) => RunProcess;
  log: Log;
  spares: number;
  maxProcesses: number;
  /** The build of spares, until `use` names another. */
  build: TaskBuild;
  /** Milliseconds between a run's start and the fork of the next spare: the run has the processor first. */
  respareMs?: number;
};

type Waiter = {
  build: TaskBuild;
  isChild: boolean;
  resolve: (process: RunProcess) => void;
  reject: (error: Error) => void;
};

/** A process that is not ready by then hangs. */
export const BOOT_TIMEOUT_MS = 30_000;
const FAILURES_BEFORE_REJECT = 4;

/**
 * Hands out run processes in the order of asking: a ready spare at once, else the next that gets ready. Runs that other
 * runs have started come first, and a quarter of the places, beyond the others, is for them alone: those that started
 * them may fill all others and wait. Boots only
 * as many at a time as there are processors, so that of twenty runs the first is not as slow as the last.
 */
export class Pool {
  #options: PoolOptions;
  #ready: RunProcess[] = [];
  #booting = new Set<RunProcess>();
  #busy = new Set<RunProcess>();
  /** Of these the ones of runs that other runs have started. */
  #children = new Set<RunProcess>();
  #waiting: Waiter[] = [];
  #build: TaskBuild;
  #spareAfter = 0;
  #failures = 0;
  #forkAfter = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#build = options.build;
    this.#fill();
  }

  /** How many more runs may be taken on, of any kind. */
  get free(): number {
    const taken = this.#busy.size + this.#waiting.length - Math.min(this.#childCount, this.#childPlaces);
    return this.#options.maxProcesses - taken;
  }

  /** How many more may be taken on that other runs have started. */
  get freeForChildren(): number {
    return Math.max(0, this.free) + Math.max(0, this.#childPlaces - this.#childCount);
  }

  get #childPlaces(): number {
    return Math.max(1, Math.ceil(this.#options.maxProcesses / 4));
  }

  get #childCount(): number {
    return this.#children.size + this.#waiting.filter(({ isChild }) => isChild).length;
  }

  get #mostProcesses(): number {
    return this.#options.maxProcesses + Math.min(this.#childCount, this.#childPlaces);
  }

  get counts(): { ready: number; booting: number; busy: number; waiting: number } {
    const { length: ready } = this.#ready;
    return { ready, booting: this.#booting.size, busy: this.#busy.size, waiting: this.#waiting.length };
  }

  /** A ready process of the caller's own. Rejects when processes do not start, or the pool closes. */
  acquire(build: TaskBuild, isChild = false): Promise<RunProcess> {
    return new Promise((resolve, reject) => {
      const waiter = { build, isChild, resolve, reject };
      const behind = isChild ? this.#waiting.findIndex((other) => !other.isChild) : -1;
      if (behind === -1) this.#waiting.push(waiter);
      else this.#waiting.splice(behind, 0, waiter);
      this.#spareAfter = performance.now() + (this.#options.respareMs ?? 500);
      this.#serve();
    });
  }

  /** From now on spares are of this build; `first` is one that is ready. Who waits for another build gets that. */
  use(build: TaskBuild, first: RunProcess): void {
    this.#build = build;
    this.#watch(first);
    this.#ready.push(first);
    this.#serve();
  }

  /** Gives back an acquired process that no run was sent to. */
  putBack(process: RunProcess): void {
    if (!this.#busy.delete(process)) return;
    this.#children.delete(process);
    if (this.#closed) return process.kill();
    if (process.alive) this.#ready.push(process);
    this.#serve();
  }

  /** Ends everything that serves no run, and rejects who waits. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const process of [...this.#ready, ...this.#booting]) process.kill();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new Error("the worker host stops"));
  }

  #serve(): void {
    for (const process of this.#ready.slice()) {
      const index = this.#waiting.findIndex((waiter) => waiter.build === process.build);
      const waiter = this.#waiting[index];
      if (!waiter) continue;
      this.#waiting.splice(index, 1);
      this.#ready.splice(this.#ready.indexOf(process), 1);
      this.#busy.add(process);
      if (waiter.isChild) this.#children.add(process);
      waiter.resolve(process);
    }
    this.#trim();
    this.#fill();
  }

  /** A process that came back unused, or of a build that nobody waits for any more, is one spare too many. */
  #trim(): void {
    if (this.#waiting.length > 0) return;
    for (const process of this.#ready.filter(({ build }) => build !== this.#build)) this.#retire(process);
    while (this.#ready.length > this.#options.spares) this.#retire(this.#ready[0]);
  }

  #retire(process: RunProcess | undefined): void {
    if (!process) return;
    this.#ready.splice(this.#ready.indexOf(process), 1);
    process.kill();
  }

  /** Forks what is wanted now, or sets the timer for what is wanted later. */
  #fill(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const now = performance.now();
    if (this.#missing() > 0 && now < this.#forkAfter) return this.#later(this.#forkAfter - now);
    while (this.#missing() > 0 && this.#booting.size < availableParallelism()) {
      if (!this.#makeRoom()) return;
      this.#boot(this.#waiting[this.#booting.size]?.build ?? this.#build);
    }
    if (now < this.#spareAfter) this.#later(this.#spareAfter - now);
  }

  #missing(): number {
    const spares = performance.now() < this.#spareAfter ? 0 : this.#options.spares - this.#usableSpares();
    return this.#waiting.length + Math.max(0, spares) - this.#booting.size;
  }

  #usableSpares(): number {
    return this.#ready.filter((process) => process.build === this.#build).length;
  }

  /** A spare of another build gives way to a run that waits. */
  #makeRoom(): boolean {
    const { ready, booting, busy } = this.counts;
    if (ready + booting + busy < this.#mostProcesses) return true;
    if (this.#waiting.length === 0) return false;
    const spare = this.#ready.shift();
    spare?.kill();
    return spare !== undefined;
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => this.#fill(), ms);
  }

  #boot(build: TaskBuild): void {
    const process = this.#options.fork(build);
    this.#booting.add(process);
    this.#watch(process);
    const timer = setTimeout(() => process.kill(), BOOT_TIMEOUT_MS);
    process.ready
      .then(
        () => this.#booted(process),
        (error: Error) => this.#bootFailed(error),
      )
      .finally(() => clearTimeout(timer));
  }

  #watch(process: RunProcess): void {
    void process.exited.then(() => this.#forget(process));
  }

  #booted(process: RunProcess): void {
    this.#failures = 0;
    if (!this.#booting.delete(process) || this.#closed) return;
    this.#ready.push(process);
    this.#serve();
    if (this.#ready.includes(process)) this.#options.log.info("spare-ready", { pid: process.pid });
  }

  #bootFailed(error: Error): void {
    if (this.#closed) return;
    this.#failures += 1;
    this.#forkAfter = performance.now() + Math.min(10_000, 100 * 2 ** this.#failures);
    this.#options.log.error("run-process-does-not-start", {
      failures: this.#failures,
      why: error.message.slice(0, 2_000),
    });
    if (this.#failures < FAILURES_BEFORE_REJECT) return;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }

  #forget(process: RunProcess): void {
    const spare = this.#ready.indexOf(process);
    if (spare >= 0) {
      this.#ready.splice(spare, 1);
      if (!this.#closed) this.#options.log.warn("spare-died", { pid: process.pid });
    }
    this.#booting.delete(process);
    this.#busy.delete(process);
    this.#children.delete(process);
    this.#serve();
  }
}
