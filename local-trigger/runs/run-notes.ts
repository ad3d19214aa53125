import { z } from "zod";
import type { Tx } from "../database.ts";
import { applyOperations, metadataChange, type MetadataChange, type MetadataOperation } from "./metadata.ts";
import { parseRecord } from "./packet.ts";
import type { RunCore } from "./run-core.ts";
import { RUN_COLUMNS, type RunRow } from "./run-rows.ts";
import { lockRun } from "./run-store.ts";

const MAX_TAGS = 10;

/** What runs write about themselves while they go: metadata and tags. Neither is part of their state. */
export class RunNotes {
  private readonly core: RunCore;

  constructor(core: RunCore) {
    this.core = core;
    core.timers.on("metadata", async (timer, done) => {
      const operations = metadataChange.shape.operations.parse(timer.payload) ?? [];
      await core.db.transaction(async (tx) => {
        const run = await lockRun(tx, timer.subject);
        if (run) await this.write(tx, run, { operations });
        await done(tx);
      });
    });
  }

  /** Applies a change to the run, its parent and its root; the run's metadata afterwards, or null for no such run. */
  async changeMetadata(runId: string, change: MetadataChange): Promise<Record<string, unknown> | null> {
    return this.core.db.transaction(async (tx) => {
      const run = await lockRun(tx, runId);
      return run && metadataOf(await this.applyChange(tx, run, change));
    });
  }

  /** The same inside a transaction that has locked the run. The relatives' part follows after the commit. */
  async applyChange(tx: Tx, run: RunRow, change: MetadataChange): Promise<RunRow> {
    const relatives: [string | null, MetadataOperation[]][] = [
      [run.parentRunId, change.parentOperations ?? []],
      [run.rootRunId, change.rootOperations ?? []],
    ];
    const own = [...(change.operations ?? [])];
    for (const [relative, operations] of relatives) {
      if (operations.length === 0) continue;
      if (relative === null) own.push(...operations);
      else await this.core.timers.set(tx, "metadata", relative, { payload: operations });
    }
    if (own.length === 0 && change.metadata === undefined) return run;
    return this.write(tx, run, { ...change, operations: own });
  }

  /** Adds tags, up to ten in all. False when there would be more, null for no such run. */
  async addTags(runId: string, tags: string[]): Promise<boolean | null> {
    return this.core.db.transaction(async (tx) => {
      const run = await lockRun(tx, runId);
      if (!run) return null;
      const all = [...new Set([...run.tags, ...tags])];
      if (all.length > MAX_TAGS) return false;
      await this.update(tx, runId, "tags", all);
      return true;
    });
  }

  /** Notes that the run has a stream of this name, so that its followers read it. */
  async addStream(runId: string, name: string): Promise<void> {
    await this.core.db.transaction(async (tx) => {
      const run = await lockRun(tx, runId);
      if (!run || run.realtimeStreams.includes(name)) return;
      await this.update(tx, runId, "realtime_streams", [...run.realtimeStreams, name]);
    });
  }

  private async write(tx: Tx, run: RunRow, change: MetadataChange): Promise<RunRow> {
    const before = change.metadata ?? metadataOf(run);
    const text = JSON.stringify(applyOperations(before, change.operations ?? []));
    return this.update(tx, run.id, "metadata", text);
  }

  private async update(
    tx: Tx,
    runId: string,
    column: "metadata" | "tags" | "realtime_streams",
    value: unknown,
  ): Promise<RunRow> {
    const type = column === "metadata" ? ", metadata_type = 'application/json'" : "";
    const { rows } = await tx.query<RunRow>(
      `UPDATE local_trigger.runs
       SET ${column} = $2${type}, updated_at = greatest($3::timestamptz, updated_at + interval '1 millisecond')
       WHERE id = $1 RETURNING ${RUN_COLUMNS}`,
      [runId, value, new Date()],
    );
    const run = rows[0];
    if (!run) throw new Error(`The run ${runId} is gone.`);
    tx.afterCommit(() => this.core.signals.changed(run));
    return run;
  }
}

export function metadataOf(run: Pick<RunRow, "metadata" | "metadataType">): Record<string, unknown> {
  return parseRecord(run.metadata, run.metadataType);
}

const flushed = z.object({ data: z.string().optional(), dataType: z.string() });

/** The last change of metadata, which a completion carries, or null where it carries none. */
export function flushedChange(value: unknown): MetadataChange | null {
  const packet = flushed.safeParse(value);
  if (!packet.success || packet.data.data === undefined) return null;
  const change = metadataChange.safeParse(parseRecord(packet.data.data, packet.data.dataType));
  return change.success ? change.data : null;
}
