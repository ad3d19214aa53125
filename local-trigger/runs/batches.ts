import type { Tx } from "../database.ts";
import {
  batchOfKeys,
  insertBatch,
  insertItem,
  itemsOf,
  lockItem,
  type Batch,
  type NewBatch,
} from "./batch-store.ts";
import type { RunCore } from "./run-core.ts";
import type { RunRow } from "./run-rows.ts";
import { lockRun } from "./run-store.ts";
import type { TriggerInput, Triggers } from "./triggers.ts";
import type { Waits } from "./waits.ts";

/** Runs that are triggered together: first the batch, which may block its parent, then its items one by one. */
export class Batches {
  private readonly core: RunCore;
  private readonly waits: Waits;
  private readonly triggers: Triggers;

  constructor(core: RunCore, waits: Waits, triggers: Triggers) {
    this.core = core;
    this.waits = waits;
    this.triggers = triggers;
  }

  /** A new batch, or the one that its key names (`isCached`). From here on a parent that waits for it stands still. */
  async create(input: NewBatch): Promise<{ batch: Batch; isCached: boolean }> {
    return this.withParent(input, async (tx, parent) => {
      const made = await insertBatch(tx, input);
      const batch = made ?? (await batchOfKeys(tx, input));
      if (!batch) throw new Error("A batch could be neither inserted nor found.");
      const isRepeat = !made && input.requestKey !== undefined && batch.requestKey === input.requestKey;
      if (parent && !isRepeat) await this.block(tx, parent, batch);
      return { batch, isCached: !made && !isRepeat };
    });
  }

  /** The run of one item; `isNew` is false for an item that came before. */
  async addItem(
    batch: Batch,
    position: number,
    input: TriggerInput,
  ): Promise<{ runId: string; isNew: boolean }> {
    return this.withParent(batch, async (tx, parent) => {
      const earlier = await lockItem(tx, batch.id, position);
      if (earlier !== null) return { runId: earlier, isNew: false };
      const { run } = await this.triggers.findOrCreate(tx, input);
      await insertItem(tx, batch.id, position, run.id);
      if (parent) await this.bind(tx, parent, batch, position, run.id);
      // A run that was there before belongs to another batch, or none: followers of this one learn of it here.
      tx.afterCommit(() => this.core.signals.changed({ ...run, batchId: batch.id }));
      return { runId: run.id, isNew: true };
    });
  }

  /** Its items were refused, and whoever sent them has given up: a parent no longer waits for them. */
  async giveUp(batch: Batch): Promise<void> {
    await this.withParent(batch, async (tx, parent) => {
      if (parent) await this.waits.forgetBatch(tx, parent, batch.id);
    });
  }

  /** Runs `fn` with the parent locked, where one waits for the batch and still lives. */
  private async withParent<T>(
    batch: { parentRunId?: string | null; blocksParent: boolean },
    fn: (tx: Tx, parent: RunRow | null) => Promise<T>,
  ): Promise<T> {
    const { parentRunId, blocksParent } = batch;
    const done =
      blocksParent && parentRunId
        ? await this.core.change(parentRunId, async (tx, run) => [await fn(tx, run)] as const)
        : null;
    return done ? done[0] : this.core.db.transaction((tx) => fn(tx, null));
  }

  private async block(tx: Tx, parent: RunRow, batch: Batch): Promise<void> {
    await this.waits.waitForBatch(tx, parent, batch);
    for (const { position, runId } of await itemsOf(tx, batch.id))
      await this.bind(tx, parent, batch, position, runId);
  }

  private async bind(tx: Tx, parent: RunRow, batch: Batch, position: number, runId: string): Promise<void> {
    const child = await lockRun(tx, runId);
    if (child)
      await this.waits.bindToChild(tx, { parentRunId: parent.id, batchId: batch.id, position }, child);
  }
}
