import { configure } from "@trigger.dev/sdk";
import { afterAll, beforeAll } from "vitest";
import { ScriptedWorker } from "./scripted-worker.ts";
import { triggerClient } from "./trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "./trigger-server.ts";

export type SdkServer = {
  trigger: TriggerUnderTest & { local: LocalInside };
  worker: ScriptedWorker;
  call: ReturnType<typeof triggerClient>["call"];
};

/**
 * For the tests of one file: a local-trigger of their own, a worker that they move by hand, which brings `task-a` (or
 * what `register` says), and the SDK pointed at it.
 */
export function sdkServer(
  register: (worker: ScriptedWorker) => Promise<unknown> = (worker) => worker.register(["task-a"]),
  options: Parameters<typeof localUnderTest>[0] = {},
): SdkServer {
  const made: Partial<SdkServer> = {};
  beforeAll(async () => {
    const trigger = await localUnderTest({ timing: { dequeueHoldMs: 500 }, ...options });
    const { call } = triggerClient(trigger);
    const worker = new ScriptedWorker(call);
    Object.assign(made, { trigger, worker, call });
    await register(worker);
    configure({ baseURL: trigger.url, accessToken: trigger.key });
  });
  afterAll(() => made.trigger?.stop());
  return made as SdkServer;
}
