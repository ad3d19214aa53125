import { z } from "zod";
import type { Tx } from "../database.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { sessionStream } from "../wire/stream-names.ts";
import { failure, type RunCore } from "./run-core.ts";
import type { RunRow } from "./run-rows.ts";

const reasonPayload = z.object({ reason: z.string() });

/** Cancelling: at once where no attempt runs, otherwise the worker is told and given some time. */
export class Cancels {
  private readonly core: RunCore;
  private readonly streams: StreamStore;

  constructor(core: RunCore, streams: StreamStore) {
    this.core = core;
    this.streams = streams;
    core.onRunTimer("cancel", async (tx, run, payload) => {
      await this.request(tx, run, reasonPayload.parse(payload).reason);
    });
    core.onRunTimer("cancel-overdue", async (tx, run) => {
      await core.apply(tx, run, { type: "cancel-overdue" });
    });
  }

  async soon(tx: Tx, runId: string, reason: string): Promise<void> {
    await this.core.timers.set(tx, "cancel", runId, { payload: { reason } });
  }

  /** The run afterwards, unchanged when it was final or being cancelled before; null for no such run. */
  async cancel(runId: string, reason: string): Promise<RunRow | null> {
    return this.core.change(runId, async (tx, run) => (await this.request(tx, run, reason)) ?? run);
  }

  private async request(tx: Tx, run: RunRow, reason: string): Promise<RunRow | null> {
    const change = { ...failure(reason).change, inputAtCancel: await this.inputOf(tx, run) };
    return this.core.apply(tx, run, { type: "cancel-requested", reason }, { change });
  }

  private async inputOf(tx: Tx, run: RunRow): Promise<number | null> {
    if (run.sessionId === null) return null;
    const stream = sessionStream(run.chatId ?? run.sessionId, "in");
    return (await this.streams.bounds(stream, { tx })).next;
  }
}
