import type { Database } from "../../database.ts";
import { json } from "../answer.ts";
import type { RequestContext, Route } from "../router.ts";

export type ServiceDeps = { db: Database; workerReady: () => boolean };

/** Whether this server can do its work, and whether a worker asks it for runs. */
export function serviceRoutes(deps: ServiceDeps): Route[] {
  return [{ method: "GET", path: "/healthz", access: "public", handler: (c) => health(c, deps) }];
}

async function health(c: RequestContext, deps: ServiceDeps): Promise<void> {
  const database = await deps.db.query("select 1").then(
    () => true,
    () => false,
  );
  json(c, database ? 200 : 503, { ok: database, database, worker: deps.workerReady() });
}
