import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import { Harness, isAlive, type HostProcess } from "./fixture/harness.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Half of what a slow answer takes. */
const LOST_MS = 5_000;
const BEATS = { HEARTBEAT_INTERVAL_MS: "250" };

let harness: Harness;

beforeAll(fixtureBuild, 120_000);
beforeEach(async () => {
  harness = await Harness.start({ workerLostMs: LOST_MS, reapEveryMs: 250 });
});
afterEach(() => harness.stop());

const started = ({ lines }: HostProcess) =>
  lines.filter(({ event }) => event === "run-started").map(({ runId }) => runId);

test("a run process that stands still under a living host is given up and ended, and another answers once", async () => {
  const host = await harness.host(BEATS);
  const chat = harness.chat();
  const { runId } = await chat.open();
  await chat.send("slow");
  await chat.firstText();
  const pid = harness.runs()[0]?.pid ?? 0;
  process.kill(pid, "SIGSTOP");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 30_000);
  expect((await harness.run(runId)).status).toBe("SYSTEM_FAILURE");
  expect((await chat.answer()).text).toMatch(/^echo: slow w0 .* w99$/);
  expect(await chat.ends()).toBe(1);
  expect(started(host)).toHaveLength(2);
  expect(host.lines.filter(({ event }) => event === "worker-ready")).toHaveLength(1);
});

test("a run that takes longer than a lost one may be silent lives on its heartbeats", async () => {
  const host = await harness.host(BEATS);
  const chat = harness.chat();
  const { runId } = await chat.open();
  const sentAt = performance.now();
  await chat.send("slow");
  expect((await chat.answer()).text).toMatch(/^echo: slow w0 .* w99$/);
  expect(performance.now() - sentAt).toBeGreaterThan(LOST_MS);
  expect(started(host)).toEqual([runId]);
});

test("a run that waits for longer than that lives on them, too, and goes on", async () => {
  const host = await harness.host(BEATS);
  const { runId } = await harness.chat().open("plain-task", { end: "wait" });
  expect(await host.line("run-ended", runId)).toMatchObject({ ok: true });
  expect(started(host)).toEqual([runId]);
});
