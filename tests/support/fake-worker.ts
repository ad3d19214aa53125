import type { triggerClient } from "./trigger-client.ts";

type Client = ReturnType<typeof triggerClient>;
export type Attempt = { runId: string; snapshotId: string; payload: Record<string, unknown> };

/** Plays the worker's part of the engine protocol: registers, takes runs, starts and ends attempts. */
export async function fakeWorker(client: Client, task = "contract-chat") {
  const { body: worker } = await client.call<{ id: string }>(
    "POST",
    "/api/v1/projects/proj_longrun/background-workers",
    {
      body: {
        localOnly: true,
        metadata: {
          packageVersion: "4.8.3",
          contentHash: "hash",
          tasks: [{ id: task, filePath: "trigger/chat.ts", retry: { maxAttempts: 1 } }],
        },
      },
    },
  );

  async function take(): Promise<Attempt> {
    for (;;) {
      const { body } = await client.call<{ dequeuedMessages: Dequeued[] }>("POST", "/engine/v1/dev/dequeue", {
        body: { currentWorker: worker.id, oldWorkers: [] },
      });
      const [message] = body.dequeuedMessages;
      if (message) return start(message.run.friendlyId, message.snapshot.friendlyId);
    }
  }

  async function start(runId: string, snapshotId: string): Promise<Attempt> {
    const { body } = await client.call<Started>(
      "POST",
      `/engine/v1/dev/runs/${runId}/snapshots/${snapshotId}/attempts/start`,
      { body: {} },
    );
    return {
      runId,
      snapshotId: body.snapshot.friendlyId,
      payload: JSON.parse(body.execution.run.payload),
    };
  }

  async function end(attempt: Attempt, completion: Record<string, unknown>): Promise<void> {
    const path = `/engine/v1/dev/runs/${attempt.runId}/snapshots/${attempt.snapshotId}/attempts/complete`;
    const reply = await client.call("POST", path, {
      body: { completion: { id: attempt.runId, ...completion } },
    });
    if (reply.status !== 200) throw new Error(`complete was answered ${reply.status}`);
  }

  return {
    take,
    succeed: (attempt: Attempt) => end(attempt, { ok: true, outputType: "application/json" }),
    /** What the CLI reports when a run process was killed. */
    crash: (attempt: Attempt) =>
      end(attempt, {
        ok: false,
        error: { type: "INTERNAL_ERROR", code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", message: "killed" },
      }),
    /** What the CLI's watchdog reports when the CLI itself was killed. */
    disconnect: (...runFriendlyIds: string[]) =>
      client.call("POST", "/engine/v1/dev/disconnect", { body: { runFriendlyIds } }),
  };
}

type Dequeued = { run: { friendlyId: string }; snapshot: { friendlyId: string } };
type Started = { snapshot: { friendlyId: string }; execution: { run: { payload: string } } };
