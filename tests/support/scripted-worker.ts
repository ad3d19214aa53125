import {
  CreateBackgroundWorkerResponse,
  DevConfigResponseBody,
  DevDequeueResponseBody,
  DevDisconnectResponseBody,
} from "@trigger.dev/core/v3";
import {
  WorkloadHeartbeatResponseBody,
  WorkloadRunAttemptCompleteResponseBody,
  WorkloadRunAttemptStartResponseBody,
  WorkloadRunLatestSnapshotResponseBody,
} from "@trigger.dev/core/v3/workers";
import type { triggerClient, Reply } from "./trigger-client.ts";

/** A worker that a test moves by hand. Every answer is read with the vendor's own schema, so it has to fit that. */
export class ScriptedWorker {
  id = "";
  private readonly call: ReturnType<typeof triggerClient>["call"];

  constructor(call: ReturnType<typeof triggerClient>["call"]) {
    this.call = call;
  }

  /** Tasks by id, or with what the code declares of them; `queues` and `concurrencyLimits` as a registration has them. */
  async register(
    declared: (string | { id: string; [more: string]: unknown })[],
    options: { maxAttempts?: number; queues?: object[]; concurrencyLimits?: object[] } = {},
  ) {
    const { maxAttempts = 1, ...rest } = options;
    const tasks = declared.map((task) => ({
      filePath: "trigger/scripted.ts",
      retry: { maxAttempts },
      ...(typeof task === "string" ? { id: task } : task),
    }));
    const metadata = { packageVersion: "4.8.3", contentHash: "scripted", tasks, ...rest };
    const body = { localOnly: true, engine: "V2", metadata };
    const path = "/api/v1/projects/proj_longrun/background-workers";
    const worker = CreateBackgroundWorkerResponse.parse(ok(await this.call("POST", path, { body })));
    this.id = worker.id;
    return worker;
  }

  async config() {
    return DevConfigResponseBody.parse(ok(await this.call("GET", "/engine/v1/dev/config")));
  }

  async dequeue() {
    const body = { currentWorker: this.id, oldWorkers: [] };
    const reply = await this.call("POST", "/engine/v1/dev/dequeue", { body });
    return DevDequeueResponseBody.parse(ok(reply)).dequeuedMessages;
  }

  /** Starts the first attempt of a run that is in the queue. */
  async take(runId: string) {
    const message = (await this.dequeue()).find(({ run }) => run.friendlyId === runId);
    if (!message) throw new Error(`${runId} was not handed out.`);
    return this.start(runId, message.snapshot.friendlyId);
  }

  async start(runId: string, snapshotId: string) {
    const path = `/engine/v1/dev/runs/${runId}/snapshots/${snapshotId}/attempts/start`;
    return WorkloadRunAttemptStartResponseBody.parse(ok(await this.call("POST", path, { body: {} })));
  }

  async complete(runId: string, snapshotId: string, completion: Record<string, unknown>) {
    const path = `/engine/v1/dev/runs/${runId}/snapshots/${snapshotId}/attempts/complete`;
    const reply = await this.call("POST", path, { body: { completion: { id: runId, ...completion } } });
    return WorkloadRunAttemptCompleteResponseBody.parse(ok(reply)).result;
  }

  async latest(runId: string) {
    const reply = await this.call("GET", `/engine/v1/dev/runs/${runId}/snapshots/latest`);
    return WorkloadRunLatestSnapshotResponseBody.parse(ok(reply)).execution;
  }

  async heartbeat(runId: string, snapshotId: string) {
    const path = `/engine/v1/dev/runs/${runId}/snapshots/${snapshotId}/heartbeat`;
    const reply = await this.call("POST", path, { body: { cpu: 0, memory: 0 } });
    return WorkloadHeartbeatResponseBody.parse(ok(reply));
  }

  async disconnect(runIds: string[]) {
    const reply = await this.call("POST", "/engine/v1/dev/disconnect", { body: { runFriendlyIds: runIds } });
    return DevDisconnectResponseBody.parse(ok(reply));
  }
}

function ok(reply: Reply<unknown>): unknown {
  if (reply.status !== 200) throw new Error(`answered ${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}
