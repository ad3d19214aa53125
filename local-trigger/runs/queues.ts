import type { Tx } from "../database.ts";
import { changeQueue, findQueue, setKeyOverride, type QueueChange, type QueueRow } from "./queue-store.ts";
import type { RunCore } from "./run-core.ts";
import { lockSlots, wakeAwaiting } from "./slots.ts";

/** Changes of queues and limits while runs are in them. What there is room for afterwards starts at once. */
export class Queues {
  private readonly core: RunCore;

  constructor(core: RunCore) {
    this.core = core;
  }

  /** The row afterwards; null for none of this name or id. */
  async change(nameOrId: string, change: QueueChange): Promise<QueueRow | null> {
    return this.changing(async (tx) => {
      const before = await findQueue(tx, nameOrId);
      if (before) await changeQueue(tx, before, change);
      return before && findQueue(tx, nameOrId);
    });
  }

  /** Sets the limit of one key for a while; null takes it back. */
  async overrideKey(
    name: string,
    concurrencyKey: string,
    override: { perKey: number; expiresAt: Date } | null,
  ): Promise<void> {
    await this.changing((tx) => setKeyOverride(tx, { name, concurrencyKey }, override));
  }

  private async changing<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.core.db.transaction(async (tx) => {
      await lockSlots(tx);
      const done = await fn(tx);
      await wakeAwaiting(tx, this.core.timers);
      tx.afterCommit(() => this.core.signals.queueMoved("queued"));
      return done;
    });
  }
}
