/** What a run draws on while it executes: the line that it comes from, and the limits that it holds beside it. */
export type Demand = { queue: string | null; limits: string[]; concurrencyKey: string | null };

/** How many may execute at once: for one key (without a key: together), and in all. Null: any number. */
export type Pool = { name: string; perKey: number | null; total: number | null; paused: boolean };

export type KeyOverride = { name: string; concurrencyKey: string; perKey: number };

/** Runs of one kind that execute already. */
export type Holding = Demand & { count: number };

/** What keeps a run in line: its pool is paused, or as full as `most` says, for its key alone or in all. */
export type Obstacle = { name: string } & ({ kind: "paused" } | { kind: "key" | "total"; most: number });

/** Counts slots: who may start, given who executes. Every run that is admitted is counted at once. */
export class Admission {
  private readonly pools: Map<string, Pool>;
  private readonly overrides: Map<string, number>;
  private readonly used = new Map<string, number>();

  constructor(pools: Pool[], overrides: KeyOverride[], holdings: Holding[]) {
    this.pools = new Map(pools.map((pool) => [pool.name, pool]));
    this.overrides = new Map(
      overrides.map(({ name, concurrencyKey, perKey }) => [keyOf(name, concurrencyKey), perKey]),
    );
    for (const { count, ...demand } of holdings) this.hold(demand, count);
  }

  /** Takes a slot in each of the run's pools, or in none. */
  admit(demand: Demand): boolean {
    if (this.obstacle(demand)) return false;
    this.hold(demand, 1);
    return true;
  }

  /** Whether a run that executed before may go on; a pause does not hold it up. */
  hasRoom(demand: Demand): boolean {
    return this.poolsOf(demand).every((pool) => this.full(pool, demand.concurrencyKey) === null);
  }

  /** Why a run that has not started may not start now; null: it may. */
  obstacle(demand: Demand): Obstacle | null {
    for (const pool of this.poolsOf(demand)) {
      if (pool.paused) return { kind: "paused", name: pool.name };
      const full = this.full(pool, demand.concurrencyKey);
      if (full) return full;
    }
    return null;
  }

  private full(pool: Pool, key: string | null): Obstacle | null {
    const { name, total } = pool;
    const ofKey = keyOf(name, key);
    const override = pool.perKey === null ? undefined : this.overrides.get(ofKey);
    const perKey = override ?? pool.perKey;
    if (perKey !== null && (this.used.get(ofKey) ?? 0) >= perKey) return { kind: "key", name, most: perKey };
    if (total !== null && (this.used.get(name) ?? 0) >= total) return { kind: "total", name, most: total };
    return null;
  }

  private hold(demand: Demand, count: number): void {
    for (const { name } of this.poolsOf(demand))
      for (const counted of [name, keyOf(name, demand.concurrencyKey)])
        this.used.set(counted, (this.used.get(counted) ?? 0) + count);
  }

  private poolsOf({ queue, limits }: Demand): Pool[] {
    return [...(queue === null ? [] : [queue]), ...limits].flatMap((name) => this.pools.get(name) ?? []);
  }
}

function keyOf(name: string, key: string | null): string {
  return key === null ? `${name}\n` : `${name}\n:${key}`;
}
