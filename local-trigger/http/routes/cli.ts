import { z } from "zod";
import { projectId } from "../../runs/engine-messages.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { newestWorker, workerMetadata } from "../../runs/worker-store.ts";
import { environmentId } from "../../wire/tokens.ts";
import { json } from "../answer.ts";
import { dropBody, readJson } from "../body.ts";
import { notFound } from "../errors.ts";
import type { RequestContext, Route } from "../router.ts";

export type CliDeps = { runs: RunEngine; origin: () => string; secretKey: string; projectRef: string };

const PRESENCE_MS = 15_000;
// The server holds a dequeue open itself, so the worker may ask again at once.
const DEQUEUE_PAUSE_MS = 50;
const workerBody = z.looseObject({ metadata: workerMetadata });
const branchBody = z.looseObject({ branch: z.string().min(1) });
const workerBodyLimit = 32 * 1024 * 1024;

/** What `trigger dev` and `trigger deploy --dry-run` ask before any run: who, which project, which code. */
export function cliRoutes(deps: CliDeps): Route[] {
  const { origin } = deps;
  return [
    { method: "GET", path: "/api/v2/whoami", access: "pat", handler: async (c) => whoami(c, deps) },
    {
      method: "GET",
      path: "/api/v1/platform-notifications",
      access: "pat",
      handler: async (c) => json(c, 200, { notification: null }),
    },
    ...["dev", "prod"].map<Route>((env) => ({
      method: "GET",
      path: `/api/v1/projects/:ref/${env}`,
      access: "pat",
      handler: async (c) => {
        checkProject(c, deps.projectRef);
        const project = { name: "Local", apiUrl: origin(), projectId, defaultRuntime: null };
        json(c, 200, { apiKey: deps.secretKey, ...project });
      },
    })),
    {
      // A branch gives each `trigger dev` of one folder its own lock and files; there is one environment all the same.
      method: "POST",
      path: "/api/v1/projects/:ref/branches",
      access: "pat",
      handler: async (c) => {
        checkProject(c, deps.projectRef);
        const { branch } = await readJson(c, branchBody);
        json(c, 200, { id: `branch_${branch}` });
      },
    },
    {
      method: "GET",
      path: "/api/v1/projects/:ref/envvars",
      access: "secret",
      handler: async (c) => {
        checkProject(c, deps.projectRef);
        const otel = `${origin()}/otel`;
        json(c, 200, {
          variables: { TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT: otel, OTEL_EXPORTER_OTLP_ENDPOINT: otel },
        });
      },
    },
    {
      method: "POST",
      path: "/api/v1/projects/:ref/background-workers",
      access: "secret",
      handler: async (c) => {
        checkProject(c, deps.projectRef);
        const { metadata } = await readJson(c, workerBody, { limit: workerBodyLimit });
        const { id, version, contentHash } = await deps.runs.registerWorker(metadata);
        c.log.info("worker.registered", { workerId: id, version, tasks: metadata.tasks.length });
        json(c, 200, { id, version, contentHash });
      },
    },
    {
      method: "GET",
      path: "/api/v1/deployments/current",
      access: "secret",
      handler: (c) => currentDeployment(c, deps.runs),
    },
    {
      method: "GET",
      path: "/engine/v1/dev/config",
      access: "secret",
      handler: async (c) =>
        json(c, 200, {
          environmentId,
          dequeueIntervalWithRun: DEQUEUE_PAUSE_MS,
          dequeueIntervalWithoutRun: DEQUEUE_PAUSE_MS,
          maxConcurrentRuns: deps.runs.maxConcurrentRuns,
          engineUrl: origin(),
        }),
    },
    { method: "GET", path: "/engine/v1/dev/presence", access: "secret", handler: presence },
    ...["traces", "logs", "metrics"].map<Route>((signal) => ({
      method: "POST",
      path: `/otel/v1/${signal}`,
      // The exporters of run processes send no key; what they send is read and dropped.
      access: "public",
      handler: async (c) => {
        await dropBody(c);
        json(c, 200, {});
      },
    })),
  ];
}

function whoami(c: RequestContext, { origin, projectRef }: CliDeps): void {
  const url = origin();
  const user = { userId: "user_local", email: "local@example.com", dashboardUrl: url };
  const asked = c.url.searchParams.get("projectRef") === projectRef;
  json(c, 200, asked ? { ...user, project: { name: "Local", url, orgTitle: "Local" } } : user);
}

/** The code that new runs get; 404 while no worker is there to run it. */
async function currentDeployment(c: RequestContext, runs: RunEngine): Promise<void> {
  const worker = runs.workerReady() ? await newestWorker(runs.db) : null;
  if (!worker) throw notFound("No worker is connected, so nothing is deployed here.");
  const { id, version, contentHash, runtime, createdAt } = worker;
  const times = { createdAt, deployedAt: createdAt };
  const shape = { id, shortCode: contentHash, version, runtime, runtimeVersion: null, status: "DEPLOYED" };
  json(c, 200, { ...shape, ...times });
}

function checkProject(c: RequestContext, projectRef: string): void {
  if (c.params.ref !== projectRef)
    throw notFound(`The project ${c.params.ref} is unknown here; this server has ${projectRef}.`);
}

/** Stays open as long as the worker does; its end tells nobody anything, so nothing depends on it. */
async function presence(c: RequestContext): Promise<void> {
  c.res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  c.res.write("event: start\ndata: Started\n\n");
  const beat = setInterval(
    () => c.res.write(`event: time\ndata: ${new Date().toISOString()}\n\n`),
    PRESENCE_MS,
  );
  await new Promise<void>((resolve) => c.res.on("close", resolve));
  clearInterval(beat);
}
