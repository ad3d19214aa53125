import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { EngineUnderTest, TASK } from "../../tests/support/run-engine.ts";
import { liveRuns, readRunFacts } from "./engine-facts.ts";
import { whyRun, type EngineFacts } from "./why.ts";

const asking: EngineFacts = { worker: "asking", slotsUsed: 0, slots: 100 };
let engine: EngineUnderTest;
let queue: string;
let queues = 0;

beforeAll(async () => {
  engine = await EngineUnderTest.open({ dequeueHoldMs: 50 });
});
afterAll(() => engine.close());

/** A queue of its own for each test, with these limits. */
async function limit(limits: { perKey?: number; total?: number; paused?: boolean }): Promise<void> {
  await engine.db.query(
    `insert into local_trigger.queues (name, id, per_key, total, paused) values ($1, $1, $2, $3, $4)
     on conflict (name) do update set per_key = $2, total = $3, paused = $4`,
    [queue, limits.perKey ?? null, limits.total ?? null, limits.paused ?? false],
  );
}

beforeEach(() => {
  queue = `line-${(queues += 1)}`;
});

async function queued(input: { concurrencyKey?: string; taskIdentifier?: string } = {}): Promise<string> {
  const { id } = await engine.create({ taskIdentifier: TASK, queue, ...input });
  return id;
}

async function why(id: string, facts: Partial<EngineFacts> = {}): Promise<string> {
  const row = (await liveRuns(engine.db, 100)).find((run) => run.id === id);
  if (!row) throw new Error("the run is gone");
  return whyRun(await readRunFacts(engine.db, row), { ...asking, ...facts }).text;
}

test("a run that nothing holds up is said to be taken next", async () => {
  expect(await why(await queued())).toMatch(/^Queued: a worker asks for runs and will take it\./);
});

test("a paused queue is named", async () => {
  await limit({ paused: true });
  expect(await why(await queued())).toMatch(`Queued: the queue ${queue} is paused.`);
});

test("a queue that is full is named, with how many it lets execute", async () => {
  await limit({ total: 1 });
  await engine.executing({ queue });
  const waits = await queued();
  expect(await why(waits)).toMatch(`the queue ${queue} lets 1 run execute at once, and as many do.`);
});

test("a concurrency key that is full is named; another key is not held up", async () => {
  await limit({ perKey: 1 });
  await engine.executing({ queue, concurrencyKey: "alice" });
  expect(await why(await queued({ concurrencyKey: "alice" }))).toMatch(
    `the queue ${queue} lets 1 run with the key alice execute at once, and as many do.`,
  );
  expect(await why(await queued({ concurrencyKey: "bob" }))).toMatch("will take it.");
});

test("a task that the newest version does not have is named, with what helps", async () => {
  expect(await why(await queued({ taskIdentifier: "unheard-of" }))).toMatch(
    "the newest version of the tasks has no task unheard-of; deploy one that has it.",
  );
});

test("a missing worker, a full pool and full places are told apart", async () => {
  const id = await queued();
  expect(await why(id, { worker: "absent" })).toBe("Queued: no worker is connected.");
  expect(await why(id, { worker: "busy" })).toMatch("all processes of the worker are busy.");
  expect(await why(id, { slotsUsed: 100 })).toMatch("all 100 places for executing runs are taken.");
});
