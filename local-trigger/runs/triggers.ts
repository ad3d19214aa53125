import type { Tx } from "../database.ts";
import { lockKey } from "../database.ts";
import { momentAfter } from "./duration.ts";
import { ensureQueue } from "./queue-registry.ts";
import type { RunCore } from "./run-core.ts";
import { RUN_COLUMNS, type RunRow } from "./run-rows.ts";
import { isFinalStatus } from "./run-status.ts";
import { insertRun, lockRun } from "./run-store.ts";
import { idsOf, type CreateRun } from "./run.ts";
import { resultOf } from "./waitpoint-store.ts";
import type { Waits } from "./waits.ts";

export type TriggerInput = CreateRun & {
  /** Repeats of one HTTP request carry the same key and get the same run. */
  requestKey?: string;
  /** The parent stands still until the new run has ended. */
  blocksParent?: boolean;
};

const REQUEST_KEY_TTL_MS = 86_400_000;

/** New runs: of sessions, and of tasks that are triggered by name. */
export class Triggers {
  private readonly core: RunCore;
  private readonly waits: Waits;

  constructor(core: RunCore, waits: Waits) {
    this.core = core;
    this.waits = waits;
  }

  /** Inserts a run that workers get once the transaction has committed (later, with a delay). */
  async create(tx: Tx, input: CreateRun): Promise<RunRow> {
    if (input.queue !== undefined) await ensureQueue(tx, input.queue, input.queueLimit ?? null);
    const run = await insertRun(tx, input);
    if (run.delayUntil) await this.core.timers.set(tx, "enqueue", run.id, { at: run.delayUntil });
    const expiresAt = momentAfter(run.ttl ?? undefined, run.delayUntil ?? run.createdAt);
    if (expiresAt) await this.core.timers.set(tx, "expire", run.id, { at: expiresAt });
    tx.afterCommit(() => {
      this.core.log.info("run.created", {
        ...idsOf(run),
        task: run.taskIdentifier,
      });
      this.core.signals.changed(run);
      if (run.status === "PENDING") this.core.signals.queueMoved("queued");
    });
    return run;
  }

  /** Creates a run, or answers the one that an idempotency key names. */
  async trigger(input: TriggerInput): Promise<{ run: RunRow; isCached: boolean }> {
    const { parentRunId } = input;
    if (input.blocksParent && parentRunId !== undefined) {
      const made = await this.core.change(parentRunId, async (tx, parent) => {
        const result = await this.findOrCreate(tx, input);
        const child = (await lockRun(tx, result.run.id)) ?? result.run;
        await this.waits.waitForChild(
          tx,
          parent,
          child,
          isFinalStatus(child.status) ? resultOf(child) : null,
        );
        return result;
      });
      if (made) return made;
    }
    return this.core.db.transaction((tx) => this.findOrCreate(tx, input));
  }

  /** Moves a delayed run to another moment; null when it is not delayed (any more). */
  async reschedule(runId: string, at: Date): Promise<RunRow | null> {
    return this.core.change(runId, async (tx, run) => {
      if (run.status !== "DELAYED") return null;
      const { rows } = await tx.query<RunRow>(
        `UPDATE local_trigger.runs
         SET delay_until = $2, updated_at = greatest($3::timestamptz, updated_at + interval '1 millisecond')
         WHERE id = $1 RETURNING ${RUN_COLUMNS}`,
        [runId, at, new Date()],
      );
      const moved = rows[0];
      if (!moved) throw new Error(`The run ${runId} is gone.`);
      await this.core.timers.clear(tx, "enqueue", runId);
      await this.core.timers.set(tx, "enqueue", runId, { at });
      const expiresAt = momentAfter(moved.ttl ?? undefined, at);
      if (expiresAt) {
        await this.core.timers.clear(tx, "expire", runId);
        await this.core.timers.set(tx, "expire", runId, { at: expiresAt });
      }
      tx.afterCommit(() => this.core.signals.changed(moved));
      return moved;
    });
  }

  /** Lets an idempotency key be used for a new run. */
  async forgetKey(taskIdentifier: string, key: string): Promise<boolean> {
    const { rowCount } = await this.core.db.query(
      `DELETE FROM local_trigger.run_idempotency WHERE scope = $1 AND key = $2`,
      [`task:${taskIdentifier}`, key],
    );
    return rowCount > 0;
  }

  /** The same inside a transaction, without blocking anybody. */
  async findOrCreate(tx: Tx, input: TriggerInput): Promise<{ run: RunRow; isCached: boolean }> {
    const keys = keysOf(input);
    // In one fixed order, so that two triggers with the same keys wait for each other instead of making two runs.
    for (const { scope, key } of keys) await lockKey(tx, `idempotency:${scope}:${key}`);
    for (const { scope, key, isRepeat } of keys) {
      const run = await this.runOfKey(tx, scope, key);
      if (run) return { run, isCached: !isRepeat };
    }
    const run = await this.create(tx, input);
    for (const { scope, key, expiresAt } of keys) {
      await tx.query(
        `INSERT INTO local_trigger.run_idempotency (scope, key, run_id, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (scope, key) DO UPDATE SET run_id = excluded.run_id, expires_at = excluded.expires_at`,
        [scope, key, run.id, expiresAt],
      );
    }
    return { run, isCached: false };
  }

  private async runOfKey(tx: Tx, scope: string, key: string): Promise<RunRow | null> {
    const { rows } = await tx.query<{ runId: string }>(
      `SELECT run_id AS "runId" FROM local_trigger.run_idempotency WHERE scope = $1 AND key = $2 AND expires_at > $3`,
      [scope, key, new Date()],
    );
    return rows[0] ? lockRun(tx, rows[0].runId) : null;
  }
}

/** `isRepeat`: the same request once more, which its caller must not take for a run that was there before. */
function keysOf({ requestKey, idempotency, taskIdentifier }: TriggerInput) {
  const keys: { scope: string; key: string; expiresAt: Date; isRepeat: boolean }[] = [];
  if (requestKey !== undefined)
    keys.push({
      scope: "request",
      key: requestKey,
      expiresAt: new Date(Date.now() + REQUEST_KEY_TTL_MS),
      isRepeat: true,
    });
  if (idempotency) keys.push({ scope: `task:${taskIdentifier}`, ...idempotency, isRepeat: false });
  return keys;
}
