import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fixtureBuild, hangingBuild, laterBuild } from "./fixture/fixture-build.ts";
import { Harness, type HostProcess } from "./fixture/harness.ts";
import type { TaskBuild } from "./task-build.ts";

vi.setConfig({ testTimeout: 120_000 });

let harness: Harness;
let later: TaskBuild;

beforeAll(async () => {
  await fixtureBuild();
  later = await laterBuild();
}, 120_000);
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.stop());
afterAll(() => rmSync(later.dir, { recursive: true }));

async function deploy(host: HostProcess): Promise<void> {
  harness.linkBuild(later.dir);
  host.send("SIGHUP");
  expect(await host.line("deployed")).toMatchObject({ build: later.contentHash });
}

const crashes = ({ lines }: HostProcess) =>
  lines.filter((line) => line.event === "run-process-exited" || (line.event === "run-ended" && !line.ok));

test("a deploy in mid-answer: the open turn ends on the old code, the deferred message is answered once by the new", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  await chat.open();
  await chat.send("slow");
  await chat.firstText();
  await chat.send("deferred");
  await deploy(host);
  expect((await chat.answer()).text).toMatch(/^ w0 w1 .* w99$/);
  expect((await chat.answer()).text).toBe("later: deferred w0");
  await chat.send("third");
  expect((await chat.answer()).text).toBe("later: third w0");
  expect(harness.runs()).toHaveLength(1);
  expect(crashes(host)).toEqual([]);
});

test("a run that idles, and one that is suspended, hand their next message over to the new code", async () => {
  const host = await harness.host();
  const [idle, suspended] = [harness.chat(), harness.chat()];
  for (const chat of [suspended, idle]) {
    const { runId } = await chat.open();
    await chat.send("one");
    expect((await chat.answer()).text).toBe("echo: one w0");
    if (chat === suspended)
      await vi.waitFor(async () => expect(await harness.waits(runId)).toBe(true), 30_000);
  }
  await deploy(host);
  for (const chat of [idle, suspended]) {
    await chat.send("two");
    expect((await chat.answer()).text).toBe("later: two w0");
  }
  expect(crashes(host)).toEqual([]);
});

test("new chats run the new code at once, while an old turn is still open", async () => {
  const host = await harness.host();
  const [old, fresh] = [harness.chat(), harness.chat()];
  await old.open();
  await old.send("slow");
  await old.firstText();
  await deploy(host);
  await fresh.open();
  await fresh.send("hello");
  expect((await fresh.answer()).text).toBe("later: hello w0");
  expect((await old.answer()).text).toMatch(/^ w0 w1 .* w99$/);
});

test("kill -9 of the host right after a deploy loses nothing: the next host answers with the new code", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  await chat.open();
  await chat.send("slow");
  await chat.firstText();
  await deploy(host);
  await host.end("SIGKILL");
  await harness.host();
  expect((await chat.answer()).text).toMatch(/^later: slow w0 .* w99$/);
});

test("a build that is not whole changes nothing", async () => {
  const host = await harness.host();
  harness.linkBuild("/nowhere");
  host.send("SIGHUP");
  expect((await host.line("deploy-refused")).why).toContain("No whole build of the tasks");
  const chat = harness.chat();
  await chat.open();
  await chat.send("one");
  expect((await chat.answer()).text).toBe("echo: one w0");
});

test("the same build again changes nothing, and keeps its version when the host is started anew", async () => {
  const host = await harness.host();
  host.send("SIGHUP");
  await host.line("deploy-unchanged");
  const { version } = await host.line("worker-ready");
  await host.end("SIGTERM");
  const next = await harness.host();
  expect((await next.line("worker-ready")).version).toBe(version);
  harness.linkBuild(later.dir);
  next.send("SIGHUP");
  expect((await next.line("deployed")).version).not.toBe(version);
});

test("a build whose code hangs as it loads is refused, and holds up no later deploy", async () => {
  const hanging = await hangingBuild();
  try {
    const host = await harness.host();
    harness.linkBuild(hanging.dir);
    host.send("SIGHUP");
    expect(await host.line("deploy-refused")).toMatchObject({
      why: expect.stringContaining("30 s") as unknown,
    });
    await deploy(host);
  } finally {
    rmSync(hanging.dir, { recursive: true });
  }
});
