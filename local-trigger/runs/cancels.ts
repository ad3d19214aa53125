import { z } from "zod";
import type { Tx } from "../database.ts";
import { failure, type RunCore } from "./run-core.ts";
import type { RunRow } from "./run-rows.ts";

const reasonPayload = z.object({ reason: z.string() });

/** Cancelling: at once where no attempt runs, otherwise the worker is told and given some time. */
export class Cancels {
  private readonly core: RunCore;

  constructor(core: RunCore) {
    this.core = core;
    core.onRunTimer("cancel", async (tx, run, payload) => {
      const { reason } = reasonPayload.parse(payload);
      await core.apply(tx, run, { type: "cancel-requested", reason }, failure(reason));
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
    return this.core.change(
      runId,
      async (tx, run) =>
        (await this.core.apply(tx, run, { type: "cancel-requested", reason }, failure(reason))) ?? run,
    );
  }
}
