import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import { Harness, isAlive } from "./fixture/harness.ts";

vi.setConfig({ testTimeout: 120_000 });
const SOON = { timeout: 10_000 };

let harness: Harness;

beforeAll(fixtureBuild, 120_000);
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.stop());

test("SIGTERM ends a chat that waits at once and tells the engine, so that its next message is answered", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  await chat.open();
  await chat.send("one");
  await chat.answer();
  expect(await host.end("SIGTERM")).toBe(0);
  expect(host.lines.at(-1)).toMatchObject({ event: "worker-stopped", cutShort: 0 });
  expect(harness.runs()).toEqual([]);
  await chat.send("two");
  await harness.host();
  expect((await chat.answer()).text).toBe("echo: two w0");
});

test("SIGTERM lets a turn that ends within 3 s come to its end, whole", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  await chat.open();
  await chat.send("brief");
  await chat.firstText();
  expect(await host.end("SIGTERM")).toBe(0);
  expect(host.lines.at(-1)).toMatchObject({ event: "worker-stopped", runs: 1, cutShort: 0 });
  expect((await chat.answer()).text).toMatch(/ w9$/);
  await harness.host();
  await chat.send("one");
  expect((await chat.answer()).text).toBe("echo: one w0");
  expect(await chat.ends()).toBe(2);
});

test("SIGTERM cuts a longer turn after its time, and the next host answers it, once", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  const { runId } = await chat.open();
  await chat.send("slow");
  await chat.firstText();
  const stoppedAt = performance.now();
  expect(await host.end("SIGTERM")).toBe(0);
  expect(performance.now() - stoppedAt).toBeLessThan(8_000);
  expect(host.lines.at(-1)).toMatchObject({ event: "worker-stopped", cutShort: 1 });
  expect(harness.runs()).toEqual([]);
  expect(await chat.ends()).toBe(0);
  const next = await harness.host();
  expect((await chat.answer()).text).toMatch(/^echo: slow w0 .* w99$/);
  expect(await chat.ends()).toBe(1);
  expect(next.lines.filter(({ event }) => event === "run-started")).toHaveLength(1);
  expect(harness.runs().map((run) => run.runId)).not.toContain(runId);
});

test("SIGTERM ends a host whose engine never came", async () => {
  const host = harness.spawnHost({ TRIGGER_API_URL: "http://127.0.0.1:9" });
  await host.line("engine-away");
  expect(await host.end("SIGTERM")).toBe(0);
});

test("deleting the session cancels its run: the process is gone, and the engine knows", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  const { runId } = await chat.open();
  await chat.send("slow");
  await chat.firstText();
  const pid = harness.runs()[0]?.pid ?? 0;
  await chat.close();
  await host.line("run-ended", runId);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), SOON);
});

test("closing it in mid-answer does so, too, and ends the turn with a sentence", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  const { runId } = await chat.open();
  await chat.send("slow");
  await chat.firstText();
  const pid = harness.runs()[0]?.pid ?? 0;
  await chat.close("done");
  await host.line("run-ended", runId);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), SOON);
  expect((await harness.run(runId)).status).toBe("CANCELED");
  expect((await chat.answer()).error).toBe("The chat was closed before this was answered.");
  expect(await chat.ends()).toBe(1);
});

test("a run that closes its own session with chat.close() ends its turn whole, without an error", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  const { runId } = await chat.open();
  await chat.send("goodbye, brief");
  expect(await chat.answer()).toMatchObject({
    text: expect.stringMatching(/^echo: goodbye, brief w0 .* w9$/),
    error: "",
  });
  expect(await host.line("run-ended", runId)).toMatchObject({ ok: true });
  expect(await chat.ends()).toBe(1);
  await expect(chat.send("more")).rejects.toThrow("409");
});
