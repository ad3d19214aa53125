import { randomBytes } from "node:crypto";
import {
  UP_TO_DATE,
  shapeChange,
  shapeColumns,
  shapeSchema,
  type ShapeMessage,
  type ShapeRow,
} from "../wire/run-shape.ts";
import type { RunRow } from "./run-rows.ts";
import type { RunSignals } from "./run-signals.ts";
import { internalId } from "./snapshot.ts";

/** The runs that a subscriber follows, read now; and whether a change of this run may concern it. */
export type FeedSource = {
  read: () => Promise<RunRow[]>;
  concerns: (run: { id: string; tags: string[]; batchId: string | null }) => boolean;
};

export type FeedRequest = {
  live: boolean;
  handle: string | null;
  skipColumns: ReadonlySet<string>;
  signal: AbortSignal;
};

export type FeedAnswer = { messages: ShapeMessage[]; headers: Record<string, string> };

type Follower = { versions: Map<string, number>; usedAt: number };

const FORGET_AFTER_MS = 10 * 60_000;
const MAX_FOLLOWERS = 10_000;

/**
 * Changes of runs as the Electric shape protocol sends them: first the rows as they are, then a held request for each
 * batch of changes. What a follower has seen is remembered under its handle; one that is unknown (after a restart)
 * is sent the rows again.
 */
export class RunFeed {
  private readonly signals: RunSignals;
  private readonly holdMs: number;
  private readonly followers = new Map<string, Follower>();
  private offset = 0;

  constructor(signals: RunSignals, holdMs = 20_000) {
    this.signals = signals;
    this.holdMs = holdMs;
  }

  async answer(source: FeedSource, request: FeedRequest): Promise<FeedAnswer> {
    const columns = shapeColumns(request.skipColumns);
    const known = request.handle === null ? undefined : this.followers.get(request.handle);
    const handle = request.handle ?? `h_${randomBytes(12).toString("hex")}`;
    const follower = known ?? this.remember(handle);
    follower.usedAt = Date.now();
    if (!request.live) follower.versions.clear();
    const changes = request.live
      ? await this.awaitChanges(source, follower, request.signal)
      : changesFor(await source.read(), follower);
    const messages = changes.map(({ run, isNew }) =>
      shapeChange(shapeRow(run), columns, isNew ? "insert" : "update"),
    );
    for (const { run } of changes) follower.versions.set(run.id, run.updatedAt.getTime());
    return {
      messages: [...messages, UP_TO_DATE],
      headers: {
        "cache-control": "no-store",
        "electric-handle": handle,
        "electric-offset": `${Date.now()}_${(this.offset += 1)}`,
        "electric-up-to-date": "",
        ...(request.live ? { "electric-cursor": String(Math.floor(Date.now() / 1_000)) } : {}),
        ...(request.live ? {} : { "electric-schema": shapeSchema(columns) }),
      },
    };
  }

  private async awaitChanges(source: FeedSource, follower: Follower, signal: AbortSignal) {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.holdMs)]);
    for (;;) {
      // Listening starts before reading, so that no change falls between the two.
      const next = this.nextChange(source, deadline);
      const changes = changesFor(await source.read(), follower);
      if (changes.length > 0 || deadline.aborted) {
        next.cancel();
        return changes;
      }
      await next.changed;
    }
  }

  private nextChange(
    source: FeedSource,
    signal: AbortSignal,
  ): { changed: Promise<void>; cancel: () => void } {
    let resolve: () => void = () => undefined;
    const changed = new Promise<void>((done) => (resolve = done));
    const stopWatching = this.signals.onChange((run) => {
      if (source.concerns(run)) cancel();
    });
    const cancel = () => {
      stopWatching();
      signal.removeEventListener("abort", cancel);
      resolve();
    };
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
    return { changed, cancel };
  }

  private remember(handle: string): Follower {
    const limit = Date.now() - FORGET_AFTER_MS;
    for (const [old, { usedAt }] of this.followers) if (usedAt < limit) this.followers.delete(old);
    const oldest = this.followers.keys().next().value;
    if (this.followers.size >= MAX_FOLLOWERS && oldest !== undefined) this.followers.delete(oldest);
    const follower = { versions: new Map<string, number>(), usedAt: Date.now() };
    this.followers.set(handle, follower);
    return follower;
  }
}

function changesFor(runs: RunRow[], { versions }: Follower): { run: RunRow; isNew: boolean }[] {
  return runs
    .filter((run) => versions.get(run.id) !== run.updatedAt.getTime())
    .map((run) => ({ run, isNew: !versions.has(run.id) }));
}

function shapeRow(run: RunRow): ShapeRow {
  // A run that waits reads as EXECUTING otherwise; the client calls this state WAITING.
  const waits = run.executionStatus === "EXECUTING_WITH_WAITPOINTS";
  return {
    id: internalId(run.id),
    taskIdentifier: run.taskIdentifier,
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    startedAt: run.startedAt,
    delayUntil: run.delayUntil,
    queuedAt: run.queuedAt,
    expiredAt: run.status === "EXPIRED" ? run.completedAt : null,
    completedAt: run.completedAt,
    friendlyId: run.id,
    number: run.number,
    isTest: run.isTest,
    status: waits ? "WAITING_TO_RESUME" : run.status,
    usageDurationMs: run.usageDurationMs,
    costInCents: 0,
    baseCostInCents: 0,
    ttl: run.ttl,
    payload: run.payload,
    payloadType: run.payloadType,
    metadata: run.metadata,
    metadataType: run.metadataType,
    output: run.output,
    outputType: run.outputType,
    runTags: run.tags,
    error: run.error,
    realtimeStreams: run.realtimeStreams,
  };
}
