import type { Database } from "../../database.ts";
import { json } from "../answer.ts";
import { readBody } from "../body.ts";
import type { Route } from "../router.ts";

export type ServiceDeps = { db: Database; workerReady: () => Promise<boolean> };

/** The health of this server, and a sink for the telemetry that workers insist on sending. */
export function serviceRoutes(deps: ServiceDeps): Route[] {
  const telemetry = ["traces", "logs", "metrics"].map((kind): Route => ({
    method: "POST",
    path: `/otel/v1/${kind}`,
    access: "public",
    handler: async (c) => {
      await readBody(c, { limit: 16 * 1024 * 1024 });
      json(c, 200, {});
    },
  }));
  return [
    {
      method: "GET",
      path: "/healthz",
      access: "public",
      handler: async (c) => {
        const [database, worker] = await Promise.all([
          deps.db.query("select 1").then(
            () => true,
            () => false,
          ),
          deps.workerReady().catch(() => false),
        ]);
        json(c, database ? 200 : 503, { ok: database, database, worker });
      },
    },
    ...telemetry,
  ];
}
