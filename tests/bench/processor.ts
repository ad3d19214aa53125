import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

const TICKS_PER_SECOND = 100;

/** Processor time of one process in seconds, null where the system does not tell. */
export function secondsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}

/** The direct children of a process. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent;
    } catch {
      return false;
    }
  });
}

/** Memory that is a process's own, with its share of what it shares, in MB. */
export function proportionalMegabytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024) / 1e6;
}

type Share = { name: string; share: number };

const FULL = 0.85;
const full: Record<string, string> = {
  server: "the server's one thread is full",
  Postgres: "Postgres' processes fill a core",
  "this load": "the load's own process is full, so that the server may be able to do more",
};

const sumOf = (shares: Share[]): number => shares.reduce((sum, { share }) => sum + share, 0);

function limitOf(busiest: Share, total: number, otherwise: string): string {
  const cores = availableParallelism();
  if (busiest.share >= FULL) return full[busiest.name] ?? `${busiest.name} fills a core`;
  if (total >= FULL * cores) return `all ${cores} cores are full, the load's share included`;
  return `${otherwise}: the processors have time left`;
}

function sentenceOf(shares: Share[]): string {
  const parts = shares.map(({ name, share }) => `${name} ${share.toFixed(2)}`);
  return `processor: ${parts.join(", ")} of one core each`;
}

/** How much of a core each group of processes uses between `start` and `stop`. */
export class ProcessorWatch {
  private readonly groups: Record<string, () => number[]>;
  private before = new Map<number, number>();
  private since = 0;
  private readonly used: Record<string, number> = {};
  private elapsed = 0;

  constructor(groups: Record<string, () => number[]>) {
    this.groups = groups;
  }

  start(): void {
    this.since = performance.now();
    this.before = new Map();
    for (const pids of Object.values(this.groups)) {
      for (const pid of pids()) this.before.set(pid, secondsOf(pid) ?? 0);
    }
  }

  /** May be called after several starts: the shares are those of all of them together. */
  stop(): void {
    this.elapsed += (performance.now() - this.since) / 1000;
    for (const [name, pids] of Object.entries(this.groups)) {
      const spent = pids().reduce((sum, pid) => sum + (secondsOf(pid) ?? 0) - (this.before.get(pid) ?? 0), 0);
      this.used[name] = (this.used[name] ?? 0) + spent;
    }
  }

  /** Processor time of a group between its starts and stops, in seconds. */
  seconds(group: string): number {
    return this.used[group] ?? Number.NaN;
  }

  /** What stands in the way of more, in words and by the shares. `otherwise`: what is waited for while processors have time left. */
  limit(otherwise: string): string {
    const shares = this.shares();
    const [busiest] = shares;
    if (!busiest || busiest.share === 0)
      return `${otherwise}, if processors had time left: not known on this system`;
    return `${limitOf(busiest, sumOf(shares), otherwise)}; ${sentenceOf(shares)}`;
  }

  /** The busiest first, each with its share of one core. */
  private shares(): Share[] {
    const shares = Object.entries(this.used).map(([name, used]) => ({ name, share: used / this.elapsed }));
    return shares.sort((a, b) => b.share - a.share);
  }
}
