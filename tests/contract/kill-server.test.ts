import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { Dice, SEED } from "../faults/harness/dice.ts";
import { eventually } from "../support/eventually.ts";
import { ScriptedWorker } from "../support/scripted-worker.ts";
import { triggerClient, type CallOptions, type Reply } from "../support/trigger-client.ts";
import { startTriggerProcess } from "../support/trigger-process.ts";

const KILLS = 5;

/** Repeats a call for as long as nobody answers it, as every client of the engine does. */
function persistent(call: ReturnType<typeof triggerClient>["call"]): typeof call {
  return async <T>(method: string, path: string, options?: CallOptions): Promise<Reply<T>> => {
    for (;;) {
      try {
        const reply = await call<T>(method, path, options);
        if (reply.status < 500) return reply;
      } catch {
        // The server is away.
      }
      await sleep(20);
    }
  };
}

test("no kill -9 of the server loses an acknowledged run, runs one twice or forgets a timer", async () => {
  console.log(`FAULT_SEED=${SEED}`);
  const dice = new Dice("kill -9 of the server");
  const server = await startTriggerProcess();
  onTestFinished(() => server.stop());
  const { url, key } = server;
  const unused = () => Promise.reject(new Error("not needed here"));
  const client = triggerClient({ url, key, token: unused, local: null, stop: unused });
  const call = persistent(client.call);
  const worker = new ScriptedWorker(call);
  await worker.register(["task-a"]);

  const acknowledged: string[] = [];
  const attempts = new Map<string, number[]>();
  const executing = new Set<Promise<void>>();
  let open = true;
  let working = true;

  const produce = async (): Promise<void> => {
    while (open) {
      const reply = await call<{ id: string }>("POST", "/api/v1/tasks/task-a/trigger", {
        body: { payload: "{}" },
        headers: { "x-trigger-request-idempotency-key": randomUUID() },
      });
      acknowledged.push(reply.body.id);
    }
  };
  /** One attempt, with a wait for time in the middle: the server's timer has to end it. */
  const execute = async (runId: string, from: string): Promise<void> => {
    const path = `/engine/v1/dev/runs/${runId}/snapshots/${from}/attempts/start`;
    const started = await call<{ run: { attemptNumber: number }; snapshot: { friendlyId: string } }>(
      "POST",
      path,
    );
    // Handed out again meanwhile, because the answer to the dequeue was lost: that other attempt counts.
    if (started.status === 409) return;
    attempts.set(runId, [...(attempts.get(runId) ?? []), started.body.run.attemptNumber]);
    const date = new Date(Date.now() + 150).toISOString();
    await call("POST", `/engine/v1/runs/${runId}/wait/duration`, { body: { date, idempotencyKey: runId } });
    await eventually(async () => (await worker.latest(runId)).snapshot.executionStatus === "EXECUTING", {
      what: () => `the wait of ${runId} does not end`,
      ms: 60_000,
      everyMs: 50,
    });
    await worker.complete(runId, started.body.snapshot.friendlyId, { ok: true, output: "1" });
  };
  const consume = async (): Promise<void> => {
    while (working) {
      for (const { run, snapshot } of await worker.dequeue()) {
        const one = execute(run.friendlyId, snapshot.friendlyId).finally(() => executing.delete(one));
        executing.add(one);
      }
    }
  };

  const producers = [produce(), produce(), produce()];
  const consumer = consume();
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(250 + dice.next() * 400);
    await server.killAndRestart();
  }
  open = false;
  await Promise.all(producers);

  const unfinished = new Set(acknowledged);
  await eventually(
    async () => {
      for (const id of unfinished) {
        const { body } = await call<{ status: string }>("GET", `/api/v3/runs/${id}`);
        if (body.status === "COMPLETED") unfinished.delete(id);
      }
      return unfinished.size === 0;
    },
    { what: () => `${unfinished.size} of ${acknowledged.length} runs do not end`, ms: 90_000, everyMs: 200 },
  );
  working = false;
  // A newer version lets go of the dequeue that is held.
  await worker.register(["task-a"]);
  await Promise.all([consumer, ...executing]);

  expect(acknowledged.length).toBeGreaterThan(20);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  // Any other list would be a run that was executed twice.
  expect([...attempts.values()].filter((numbers) => numbers.join() !== "1")).toEqual([]);
}, 240_000);
