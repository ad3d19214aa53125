import type { Run } from "../runs/run.ts";
import { forbidden, unauthorized } from "./errors.ts";
import type { Credential } from "./router.ts";
import { allows, type Resource } from "./scopes.ts";

export const noSuchRun =
  "Run not found. Either there never was one of this id, or it ended so long ago that it was removed.";

/** Everything that a scope may name to reach this run. */
export function runResources(run: Run): Resource[] {
  return [
    { type: "runs", id: run.id },
    { type: "tasks", id: run.taskIdentifier },
    ...run.tags.map((tag) => ({ type: "tags", id: tag })),
  ];
}

/** 401 without a credential, 403 where it does not reach this run. */
export function assertRunAccess(credential: Credential | null, action: "read" | "write", run: Run): void {
  if (!credential) throw unauthorized();
  if (!allows(credential, action, runResources(run))) throw forbidden();
}
