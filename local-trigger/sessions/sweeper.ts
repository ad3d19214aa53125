import type { Database } from "../database.ts";
import { describeError, type Log } from "../log.ts";
import { RUN_SWEEPS } from "../runs/run-retention.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { sweepChannels, sweepClosed, sweepInputs, sweepTombstones } from "./session-retention.ts";

export type SweeperDeps = { db: Database; streams: StreamStore; log: Log };

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Removes what has ended `days` ago: at the start and then once an hour, in small transactions. */
export class Sweeper {
  private readonly deps: SweeperDeps;
  private readonly days: number;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(deps: SweeperDeps, days: number) {
    this.deps = deps;
    this.days = days;
  }

  start(): void {
    const sweep = () => {
      this.running = this.running.then(() => this.sweepOrSay());
    };
    this.timer = setInterval(sweep, EVERY_MS);
    sweep();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** One sweep as of this moment; how many of each kind went. */
  async sweep(now: Date): Promise<Record<string, number>> {
    const { db, streams } = this.deps;
    const before = new Date(now.getTime() - this.days * DAY_MS);
    const swept: Record<string, number> = {};
    for (const [kind, sweep] of Object.entries({ tombstones: sweepTombstones, ...RUN_SWEEPS })) {
      swept[kind] = 0;
      for (let found = 1; found > 0 && !this.stopped; swept[kind] += found) {
        found = await sweep(db, before, now);
        // Runs take their streams with them.
        if (kind === "runs" && found > 0) streams.deleted();
      }
    }
    swept["closed"] = 0;
    for (let found = 1; found > 0 && !this.stopped; swept["closed"] += found)
      found = await sweepClosed(db, streams, before);
    if (!this.stopped) swept["channels"] = await sweepChannels(db, streams, before);
    if (!this.stopped) swept["inputs"] = await sweepInputs(db, streams, before);
    return swept;
  }

  private async sweepOrSay(): Promise<void> {
    if (this.stopped) return;
    try {
      const swept = await this.sweep(new Date());
      if (Object.values(swept).some((count) => count > 0)) this.deps.log.info("retention.swept", swept);
    } catch (error) {
      this.deps.log.warn("retention.failed", { error: describeError(error) });
    }
  }
}
