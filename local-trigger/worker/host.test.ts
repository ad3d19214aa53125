import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import { Harness, isAlive } from "./fixture/harness.ts";

// Waits of the agent and boots of processes add up on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const SEEN_MS = 200;
const SOON = { timeout: 10_000 };

let harness: Harness;

beforeAll(fixtureBuild, 120_000);
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.stop());

test("a chat is answered by a process of its own, which serves the next message after it was suspended too", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  const { runId } = await chat.open();
  await chat.send("one");
  expect((await chat.answer()).text).toBe("echo: one w0");
  const [first] = harness.runs();
  expect(first?.runId).toBe(runId);

  await isSuspended(runId);
  await chat.send("two");
  expect((await chat.answer()).text).toBe("echo: two w0");
  expect(harness.runs()).toEqual([first]);

  await host.line("run-ended", runId);
  await vi.waitFor(() => expect(harness.runs()).toEqual([]), SOON);
  await vi.waitFor(() => expect(isAlive(first?.pid ?? 0)).toBe(false), SOON);
  expect(harness.runLog(runId)).toContain("Received EXECUTE_TASK_RUN");
});

test("a killed run process is reported within 200 ms, and the message is answered by a new one", async () => {
  const host = await harness.host();
  const seen: number[] = [];
  // The best of three: what else the machine does is not the host's.
  for (let tries = 0; tries < 3 && !seen.some((ms) => ms < SEEN_MS); tries += 1) {
    const chat = harness.chat();
    const { runId } = await chat.open();
    await chat.send("slow");
    await chat.firstText();
    const pid = harness.runs().find((run) => run.runId === runId)?.pid ?? 0;
    const killedAt = performance.now();
    process.kill(pid, "SIGKILL");
    await host.line("run-process-exited", runId);
    seen.push(performance.now() - killedAt);
    await host.line("run-ended", runId);
    expect((await chat.answer()).text).toMatch(/^echo: slow w0 w1 .* w99$/);
    expect(harness.runs().map((run) => run.runId)).not.toContain(runId);
  }
  expect(Math.min(...seen)).toBeLessThan(SEEN_MS);
});

test("kill -9 of the host ends its run processes, and the next host frees their runs", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  const { runId } = await chat.open();
  await chat.send("slow");
  await chat.firstText();
  const pid = harness.runs()[0]?.pid ?? 0;
  expect(isAlive(pid)).toBe(true);
  await host.end("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), SOON);

  const next = await harness.host();
  expect(await next.line("leftover-runs-freed")).toMatchObject({ runs: 1 });
  expect((await chat.answer()).text).toMatch(/^echo: slow w0 .* w99$/);
  expect(harness.runs().map((run) => run.runId)).not.toContain(runId);
});

test("a run process that outlives its killed host is ended by the next one", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  await chat.open();
  await chat.send("slow");
  await chat.firstText();
  const pid = harness.runs()[0]?.pid ?? 0;
  // It cannot see that its host is gone.
  process.kill(pid, "SIGSTOP");
  await host.end("SIGKILL");
  expect(isAlive(pid)).toBe(true);
  const next = await harness.host();
  expect(await next.line("leftover-runs-freed")).toMatchObject({ runs: 1, killed: 1 });
  expect(isAlive(pid)).toBe(false);
});

test("the end of a run is reported until the engine, which was away, accepts it", async () => {
  const host = await harness.host();
  const { runId } = await harness.chat().open("plain-task", { end: "wait-for-cancel" });
  await host.line("run-started", runId);
  const pid = harness.runs()[0]?.pid ?? 0;
  await harness.stopEngine();
  try {
    process.kill(pid, "SIGKILL");
    await host.line("run-process-exited", runId);
    await host.line("engine-away");
    expect(harness.runs()).toEqual([{ runId, pid }]);
  } finally {
    await harness.startEngine();
  }
  expect(await host.line("run-ended", runId)).toMatchObject({ ok: false, next: "RUN_FINISHED" });
  await vi.waitFor(() => expect(harness.runs()).toEqual([]), SOON);
});

test("a spare that dies is replaced, and the next chat is answered", async () => {
  const host = await harness.host();
  const chat = harness.chat();
  const { pid } = await host.line("spare-ready");
  expect(childrenOf(host.pid)).toContain(pid);
  process.kill(Number(pid), "SIGKILL");
  await host.line("spare-died");
  await chat.open();
  await chat.send("one");
  expect((await chat.answer()).text).toBe("echo: one w0");
});

test("with all processes taken a chat waits in the queue, and is answered when one is free", async () => {
  await harness.host({ WORKER_MAX_PROCESSES: "1" });
  const [first, second] = [harness.chat(), harness.chat()];
  for (const chat of [first, second]) {
    await chat.open();
    await chat.send("hello");
  }
  expect((await first.answer()).text).toBe("echo: hello w0");
  expect(harness.runs()).toHaveLength(1);
  expect((await second.answer()).text).toBe("echo: hello w0");
});

test("eight chats at once are all answered", async () => {
  await harness.host({ WORKER_SPARES: "2" });
  const chats = Array.from({ length: 8 }, () => harness.chat());
  const answers = await Promise.all(
    chats.map(async (chat) => {
      await chat.open();
      await chat.send(`I am ${chat.id}`);
      return (await chat.answer()).text;
    }),
  );
  expect(answers).toEqual(chats.map((chat) => `echo: I am ${chat.id} w0`));
});

test.each([
  ["an exception outside of the run", "throw-later"],
  ["process.exit in the task", "exit"],
])("%s ends the run, and the host goes on", async (_what, end) => {
  const host = await harness.host();
  const { runId } = await harness.chat().open("plain-task", { end });
  expect(await host.line("run-ended", runId)).toMatchObject({ ok: false });
  const next = await harness.chat().open("plain-task", { end: "return" });
  expect(await host.line("run-ended", next.runId)).toMatchObject({ ok: true });
});

test("a run process has what tasks need in its environment, and not the access token", async () => {
  const host = await harness.host({
    DATABASE_URL: "postgres://somewhere/db",
    OPENAI_COMPATIBLE_BASE_URL: "http://127.0.0.1:1/v1",
    TRIGGER_ACCESS_TOKEN: "tr_pat_secret",
    AWS_SECRET_ACCESS_KEY: "not for tasks",
  });
  const { runId } = await harness.chat().open("plain-task", { end: "environment" });
  await host.line("run-ended", runId);
  const names = harness.runLog(runId);
  expect(names).toMatch(/DATABASE_URL .*OPENAI_COMPATIBLE_BASE_URL .*TRIGGER_SECRET_KEY/);
  expect(names).not.toMatch(/TRIGGER_ACCESS_TOKEN|AWS_SECRET_ACCESS_KEY/);
});

test.runIf(process.platform === "linux")(
  "host, spare and run watch no file, and talk to this machine alone",
  async () => {
    const host = await harness.host();
    const chat = harness.chat();
    const { runId } = await chat.open();
    await chat.send("slow");
    await chat.firstText();
    const run = harness.runs().find((one) => one.runId === runId)?.pid ?? 0;
    await vi.waitFor(() => expect(childrenOf(host.pid).length).toBeGreaterThan(1), SOON);
    const processes = [host.pid, ...childrenOf(host.pid)];
    expect(processes).toContain(run);
    for (let look = 0; look < 10; look += 1) {
      for (const pid of processes) expect(watchedOrForeign(pid)).toEqual([]);
      await sleep(50);
    }
    expect(socketsOf(run).length, "the run's own connections are seen").toBeGreaterThan(0);
    expect((await chat.answer()).text).toMatch(/w99$/);
  },
);

test("wrong variables end the host with one line that names them", async () => {
  const host = harness.spawnHost({ WORKER_SPARES: "many", TRIGGER_SECRET_KEY: "" });
  expect(await host.exited).toBe(1);
  expect(host.stderr).toMatch(/^Wrong environment of the worker host: .*TRIGGER_SECRET_KEY is missing.*\n$/);
  expect(host.stderr).toContain("WORKER_SPARES");
});

test("without a build of the tasks the host ends with one line that says how to make it", async () => {
  const host = harness.spawnHost({ TASKS_BUILD_DIR: "/nowhere" });
  expect(await host.exited).toBe(1);
  expect(host.stderr).toBe("No whole build of the tasks in /nowhere: run node scripts/build-tasks.mjs\n");
});

function childrenOf(pid: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return rows.filter(([, parent]) => parent === pid).map(([child]) => child ?? 0);
}

/** What the descriptors of a process lead to. */
const descriptorsOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // Closed meanwhile.
    }
  });

/** The far ends of a process's open or beginning TCP connections, as the kernel writes addresses. */
function socketsOf(pid: number): string[] {
  const own = new Set(descriptorsOf(pid).map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1]));
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => OPEN_OR_OPENING.has(state ?? "") && own.has(inode))
      .map(([, , remote = ""]) => remote.split(":")[0] ?? ""),
  );
}

const OPEN_OR_OPENING = new Set(["01", "02"]);
/** 127.0.0.0/8, also as a mapped address, and ::1; each group of four bytes is turned round. */
const LOOPBACK = /^(?:[0-9A-F]{6}7F|0{16}FFFF0000[0-9A-F]{6}7F|0{24}01000000)$/;

const watchedOrForeign = (pid: number): string[] => [
  ...descriptorsOf(pid).filter((target) => target.includes("inotify")),
  ...socketsOf(pid).filter((address) => !LOOPBACK.test(address)),
];

const isSuspended = (runId: string) =>
  vi.waitFor(async () => expect(await harness.waits(runId)).toBe(true), { timeout: 30_000, interval: 100 });

test("a host whose engine has got an older database registers once more, and answers", async () => {
  await harness.host();
  await harness.forgetWorkers();
  const chat = harness.chat();
  await chat.open();
  await chat.send("one");
  expect((await chat.answer()).text).toBe("echo: one w0");
});
