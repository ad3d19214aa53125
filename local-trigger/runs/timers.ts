import type { Database, Tx } from "../database.ts";
import { describeError, type Log } from "../log.ts";

export type TimerKind =
  | "resume"
  | "enqueue"
  | "expire"
  | "cancel"
  | "cancel-overdue"
  | "waitpoint"
  | "metadata"
  | "finished"
  | "schedule";

export type Timer = { id: number; kind: TimerKind; subject: string; payload: unknown };

/** Does the work of one timer, and calls `done` inside the transaction that did it. */
export type TimerHandler = (timer: Timer, done: (tx: Tx) => Promise<void>) => Promise<void>;

const MAX_SLEEP_MS = 60_000;
const RETRY_MS = 1_000;
const BATCH = 50;
/** The clock is set by small steps all the time; this is a jump. */
const JUMP_MS = 2_000;
/** What the engine itself wants soon. The others wait for a moment that somebody named. */
const OWN_KINDS: TimerKind[] = ["resume", "cancel", "cancel-overdue", "metadata", "finished"];

/**
 * Work that is due later, or right after another transaction: rows that survive a restart. Each timer fires at
 * least once; its row goes in the same transaction as its effect.
 */
export class Timers {
  private readonly handlers = new Map<TimerKind, TimerHandler>();
  private readonly db: Database;
  private readonly log: Log;
  private sleeping: NodeJS.Timeout | undefined;
  private wakesAt = Infinity;
  private running: Promise<void> | undefined;
  private again = false;
  private lastSeen = Date.now();
  private stopped = true;

  constructor(db: Database, log: Log) {
    this.db = db;
    this.log = log;
  }

  on(kind: TimerKind, handler: TimerHandler): void {
    this.handlers.set(kind, handler);
  }

  /** Fires at `at`, or right after this transaction commits where no time is given. */
  async set(
    tx: Tx,
    kind: TimerKind,
    subject: string,
    options: { at?: Date; payload?: unknown } = {},
  ): Promise<void> {
    const at = options.at ?? new Date();
    await tx.query(
      `INSERT INTO local_trigger.timers (kind, subject, payload, fire_at) VALUES ($1, $2, $3, $4)`,
      [kind, subject, options.payload === undefined ? null : JSON.stringify(options.payload), at],
    );
    tx.afterCommit(() => this.wakeAt(at.getTime()));
  }

  async clear(tx: Tx, kind: TimerKind, subject: string): Promise<void> {
    await tx.query(`DELETE FROM local_trigger.timers WHERE kind = $1 AND subject = $2`, [kind, subject]);
  }

  start(): void {
    this.stopped = false;
    this.fire();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.sleeping);
    await this.running;
  }

  private wakeAt(time: number): void {
    if (this.stopped) return;
    if (time <= Date.now()) return this.fire();
    if (time >= this.wakesAt) return;
    clearTimeout(this.sleeping);
    this.wakesAt = time;
    this.sleeping = setTimeout(() => this.fire(), Math.min(time - Date.now(), MAX_SLEEP_MS));
  }

  private fire(): void {
    if (this.running) {
      this.again = true;
      return;
    }
    clearTimeout(this.sleeping);
    this.wakesAt = Infinity;
    this.running = this.run().finally(() => {
      this.running = undefined;
      if (this.again && !this.stopped) {
        this.again = false;
        this.fire();
      }
    });
  }

  /**
   * After the clock was put back, what was due in a second would be due in minutes. A little early does no harm to
   * the engine's own timers, and a retry is one of them.
   */
  private async afterJump(): Promise<void> {
    const now = Date.now();
    if (now < this.lastSeen - JUMP_MS) {
      this.log.warn("timers.clock_went_back", { ms: this.lastSeen - now });
      await this.db.query(
        `UPDATE local_trigger.timers t SET fire_at = $1 WHERE fire_at > $1 AND (kind = ANY ($2) OR (kind = 'enqueue'
           AND NOT EXISTS (SELECT FROM local_trigger.runs r WHERE r.id = t.subject AND r.status = 'DELAYED')))`,
        [new Date(now), OWN_KINDS],
      );
    }
    this.lastSeen = now;
  }

  private async run(): Promise<void> {
    try {
      await this.afterJump();
      const failed = await this.runDue();
      // Also what has come due since: a look at the future only would leave it lying.
      const { rows } = await this.db.query<{ at: Date | null }>(
        `SELECT min(fire_at) AS at FROM local_trigger.timers WHERE id <> ALL ($1::bigint[])`,
        [failed],
      );
      const next = rows[0]?.at?.getTime() ?? Infinity;
      this.wakeAt(Math.min(next, Date.now() + (failed.length > 0 ? RETRY_MS : MAX_SLEEP_MS)));
    } catch (error) {
      this.log.error("timers.failed", { error: describeError(error) });
      this.wakeAt(Date.now() + RETRY_MS);
    }
  }

  /** Runs everything that is due; the ids of what failed and has to be tried again. */
  private async runDue(): Promise<number[]> {
    const failed: number[] = [];
    for (;;) {
      const { rows } = await this.db.query<Timer>(
        `SELECT id, kind, subject, payload FROM local_trigger.timers
         WHERE fire_at <= $1 AND id <> ALL ($2::bigint[]) ORDER BY fire_at, id LIMIT ${BATCH}`,
        [new Date(), failed],
      );
      if (rows.length === 0 || this.stopped) return failed;
      for (const timer of rows) if (!(await this.runOne(timer))) failed.push(timer.id);
    }
  }

  private async runOne(timer: Timer): Promise<boolean> {
    try {
      const handler = this.handlers.get(timer.kind);
      if (!handler) throw new Error(`No handler for the timer ${timer.kind}.`);
      let done = false;
      await handler(timer, async (tx) => {
        await tx.query(`DELETE FROM local_trigger.timers WHERE id = $1`, [timer.id]);
        done = true;
      });
      if (!done) throw new Error(`The handler of ${timer.kind} left its timer undone.`);
      return true;
    } catch (error) {
      const ofRun = timer.kind !== "waitpoint" && timer.kind !== "schedule";
      this.log.error("timer.failed", {
        kind: timer.kind,
        ...(ofRun ? { runId: timer.subject } : { subject: timer.subject }),
        error: describeError(error),
      });
      return false;
    }
  }
}
