import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { isAlive } from "../support/process-list.ts";
import { triggerClient, type Reply } from "../support/trigger-client.ts";
import { startTriggerDev, triggerProject, type TriggerDev } from "../support/trigger-dev.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

const TASKS = `
import { chat } from "@trigger.dev/sdk/ai";
import { metadata, tags, task, wait } from "@trigger.dev/sdk";

export const talk = chat.agent({ id: "talk", run: async () => undefined });
export const double = task({ id: "double", run: async ({ n }: { n: number }) => ({ doubled: n * 2 }) });
export const patient = task({
  id: "patient",
  run: async ({ token }: { token: string }) => {
    metadata.set("stage", "waiting");
    await tags.add("patient");
    const answer = await wait.forToken<{ word: string }>(token);
    const child = await double.triggerAndWait({ n: 21 });
    metadata.set("stage", "done");
    return { word: answer.ok && answer.output.word, child: child.ok && child.output.doubled };
  },
});
export const flaky = task({
  id: "flaky",
  retry: { maxAttempts: 3, minTimeoutInMs: 50, maxTimeoutInMs: 100, factor: 1 },
  run: async (_: unknown, { ctx }) => {
    if (ctx.attempt.number < 3) throw new Error("not yet");
    return ctx.attempt.number;
  },
});
export const sleeper = task({
  id: "sleeper",
  run: async () => new Promise((resolve) => setTimeout(resolve, 600_000)),
});
`;

/** The tasks that `npm start`'s worker host is tested with. */
const WAITS = "local-trigger/worker/fixture/trigger/waiting-tasks.ts";

type RunView = { status: string; output?: unknown; metadata?: unknown; tags: string[]; attemptCount: number };

let trigger: TriggerUnderTest & { local: LocalInside };
let project: Awaited<ReturnType<typeof triggerProject>>;
let dev: TriggerDev;
let call: ReturnType<typeof triggerClient>["call"];

beforeAll(async () => {
  [trigger, project] = await Promise.all([localUnderTest(), triggerProject(TASKS, [WAITS])]);
  ({ call } = triggerClient(trigger));
  dev = await startTriggerDev({
    dir: project.dir,
    apiUrl: trigger.url,
    accessToken: trigger.local.accessToken,
  });
}, 120_000);
afterAll(async () => {
  await dev?.stop();
  await trigger.stop();
  await project.remove();
});

async function start(task: string, payload: unknown): Promise<string> {
  const reply = await call<{ id: string }>("POST", `/api/v1/tasks/${task}/trigger`, {
    body: { payload: JSON.stringify(payload), options: { payloadType: "application/json" } },
  });
  expect(reply.status).toBe(200);
  return reply.body.id;
}

async function reaches(runId: string, status: string, ms = 30_000): Promise<RunView> {
  let last: Reply<RunView> | undefined;
  return eventually(
    async () => {
      last = await call<RunView>("GET", `/api/v3/runs/${runId}`);
      return last.body.status === status && last.body;
    },
    { what: () => `${runId} is not ${status}: ${JSON.stringify(last?.body)}\n${dev.output()}`, ms },
  );
}

test("the unmodified CLI registers its tasks, the agent as one", async () => {
  const rows = await trigger.local.query<{ tasks: { id: string; triggerSource: string }[] }>(
    "SELECT tasks FROM local_trigger.workers",
  );
  const sources = Object.fromEntries((rows[0]?.tasks ?? []).map((task) => [task.id, task.triggerSource]));
  expect(sources).toMatchObject({ talk: "agent", double: undefined });
});

test("a second CLI of the same folder, under a branch of its own, leaves the first alone", async () => {
  const second = await startTriggerDev({
    dir: project.dir,
    apiUrl: trigger.url,
    accessToken: trigger.local.accessToken,
    flags: ["--branch", "another"],
  });
  try {
    expect(isAlive(dev.pid)).toBe(true);
  } finally {
    await second.stop();
  }
});

test("it executes a run and hands back its output", async () => {
  expect(await reaches(await start("double", { n: 4 }), "COMPLETED")).toMatchObject({
    output: { doubled: 8 },
    attemptCount: 1,
  });
});

test("a run waits for a token and for a child run, and its metadata and tags arrive", async () => {
  const token = await call<{ id: string }>("POST", "/api/v1/waitpoints/tokens", { body: { timeout: "5m" } });
  const runId = await start("patient", { token: token.body.id });
  await reaches(runId, "WAITING");
  await call("POST", `/api/v1/waitpoints/tokens/${token.body.id}/complete`, {
    body: { data: { word: "go" } },
  });
  expect(await reaches(runId, "COMPLETED")).toMatchObject({
    output: { word: "go", child: 42 },
    metadata: { stage: "done" },
    tags: ["patient"],
  });
});

test.each(["for", "until"])("wait.%s stands still until its moment", async (how) => {
  const runId = await start("waiting-task", { how });
  await reaches(runId, "WAITING");
  const { ms } = (await reaches(runId, "COMPLETED", 60_000)).output as { ms: number };
  expect(ms).toBeGreaterThanOrEqual(6_000);
});

test("batchTriggerAndWait is handed each result at its place, the failed one too", async () => {
  expect(await reaches(await start("waiting-task", { how: "batch" }), "COMPLETED", 60_000)).toMatchObject({
    output: { result: [4, expect.stringContaining("3 is odd") as string, 2] },
  });
});

test("a failing run is tried again as often as its task allows", async () => {
  expect(await reaches(await start("flaky", {}), "COMPLETED")).toMatchObject({ output: 3, attemptCount: 3 });
});

test("a cancel ends the run process and the run is CANCELED", async () => {
  const runId = await start("sleeper", {});
  await reaches(runId, "EXECUTING");
  await call("POST", `/api/v2/runs/${runId}/cancel`);
  await reaches(runId, "CANCELED", 9_000);
});

test("runs go on after the server was restarted", async () => {
  const token = await call<{ id: string }>("POST", "/api/v1/waitpoints/tokens", { body: { timeout: "5m" } });
  const runId = await start("patient", { token: token.body.id });
  await reaches(runId, "WAITING");
  await trigger.local.restart();
  await call("POST", `/api/v1/waitpoints/tokens/${token.body.id}/complete`, {
    body: { data: { word: "again" } },
  });
  expect(await reaches(runId, "COMPLETED")).toMatchObject({ output: { word: "again", child: 42 } });
});
