import type { App } from "../../support/app.ts";
import { eventually } from "../../support/eventually.ts";
import { childrenOf, secondsOf } from "../processor.ts";

/** The processes that stand ready: children of the worker host that have no run. */
export function sparesOf(app: App): number[] {
  const busy = new Set(app.runPids().values());
  return childrenOf(app.pid("worker") ?? -1).filter((pid) => !busy.has(pid));
}

/** Resolves when a spare process has booted: it uses no processor any more. */
export async function spareReady(app: App): Promise<void> {
  let quiet = 0;
  let last = -1;
  const settled = (): boolean => {
    const spares = sparesOf(app);
    const used = spares.reduce((sum, pid) => sum + (secondsOf(pid) ?? 0), 0);
    quiet = spares.length > 0 && used - last < 0.02 && used > 0.2 ? quiet + 1 : 0;
    last = used;
    return quiet >= 3;
  };
  await eventually(settled, { what: () => "no spare process got ready", ms: 30_000, everyMs: 150 });
}
