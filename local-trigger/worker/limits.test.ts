import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import { Harness } from "./fixture/harness.ts";

vi.setConfig({ testTimeout: 120_000 });

let harness: Harness;

beforeAll(fixtureBuild, 120_000);
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.stop());

test.each([
  ["on its heap", "fill-heap"],
  ["outside of its heap", "fill-buffers"],
])("a run that takes too much memory %s is ended as out of memory, and the host goes on", async (_w, end) => {
  const host = await harness.host({ WORKER_MEMORY_MB: "400" });
  const { runId } = await harness.chat().open("plain-task", { end });
  expect(await host.line("run-ended", runId)).toMatchObject({ ok: false });
  expect(await harness.run(runId)).toMatchObject({
    status: "CRASHED",
    error: { message: "The process took more memory than it may." },
  });
  const next = await harness.chat().open("plain-task", { end: "return" });
  expect(await host.line("run-ended", next.runId)).toMatchObject({ ok: true });
});

test("a chat that eats memory is tried again, then told so, and never disturbs another chat", async () => {
  const host = await harness.host({ WORKER_MEMORY_MB: "400" });
  const [hungry, calm] = [harness.chat(), harness.chat()];
  for (const chat of [hungry, calm]) await chat.open();
  await calm.send("slow");
  await calm.firstText();
  await hungry.send("eat memory");
  expect((await calm.answer()).text).toMatch(/^ w0 .* w99$/);
  expect((await hungry.answer()).error).toContain("could not be answered");
  const deaths = host.lines.filter(({ event }) => event === "run-process-took-too-much-memory");
  expect(deaths.length).toBeGreaterThan(1);
  await hungry.send("hello");
  expect((await hungry.answer()).text).toBe("echo: hello w0");
});

test("a run that works for longer than its maxDuration is ended", async () => {
  const host = await harness.host();
  const { runId } = await harness.chat().open("long-task", {});
  expect(await host.line("run-ended", runId)).toMatchObject({ ok: false });
  expect((await harness.run(runId)).status).toBe("TIMED_OUT");
});

test("a retry that is due at once is begun by this host, under the same run", async () => {
  const host = await harness.host();
  const { runId } = await harness.chat().open("retried-task", {});
  await vi.waitFor(async () => expect((await harness.run(runId)).status).toBe("COMPLETED"), 30_000);
  const ends = host.lines.filter((line) => line.event === "run-ended" && line.runId === runId);
  expect(ends.map(({ ok, next }) => [ok, next])).toEqual([
    [false, "RETRY_IMMEDIATELY"],
    [true, "RUN_FINISHED"],
  ]);
});

test("a run's log is bounded in size, and the number of logs too", async () => {
  const dir = path.join(harness.dataDir, "logs/runs");
  mkdirSync(dir, { recursive: true });
  for (let at = 0; at < 250; at += 1) writeFileSync(path.join(dir, `run_old${at}.log`), "");
  const host = await harness.host();
  const { runId } = await harness.chat().open("plain-task", { end: "print" });
  await host.line("run-ended", runId);
  // The run is over before the last of its words has reached the disk.
  await vi.waitFor(
    () => expect(harness.runLog(runId)).toMatch(/\[the rest is left out: the log is full\]\n$/),
    { timeout: 10_000 },
  );
  expect(statSync(path.join(dir, `${runId}.log`)).size).toBeLessThan(1_100_000);
  expect(readdirSync(dir).length).toBeLessThanOrEqual(200);
});

test("twenty chats at once are all answered, and none much later than its turn", async () => {
  const host = await harness.host();
  const chats = Array.from({ length: 20 }, () => harness.chat());
  const runIds: string[] = [];
  for (const chat of chats) {
    runIds.push((await chat.open()).runId);
    await chat.send(`I am ${chat.id}`);
  }
  const answers = await Promise.all(chats.map((chat) => chat.answer()));
  expect(answers.map(({ text }) => text)).toEqual(chats.map((chat) => `echo: I am ${chat.id} w0`));
  const started = host.lines.flatMap(({ event, runId }) => (event === "run-started" ? [runId] : []));
  const moved = runIds.map((runId, at) => Math.abs(started.indexOf(runId) - at));
  // As many boot at a time as there are processors: neighbours may change places, on a busy machine by some more.
  expect(Math.max(...moved)).toBeLessThanOrEqual(8);
  console.log(
    `first text of twenty chats at once: ${answers.map(({ firstTextMs }) => firstTextMs).join(" ")} ms`,
  );
});
