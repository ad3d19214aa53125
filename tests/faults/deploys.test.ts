import { execFile } from "node:child_process";
import { cpSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, expect } from "vitest";
import { linkTasks } from "../../scripts/lib/tasks-link.mjs";
import type { App } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";
import { killPart } from "./harness/kills.ts";

const { row } = faults();
const builds: string[] = [];

afterAll(() => {
  for (const build of builds) rmSync(build, { recursive: true, force: true });
});

/** Makes another build of the same tasks the one that runs, without stopping anything. Resolves with its version. */
async function deploy(app: App): Promise<string> {
  const running = realpathSync(path.join(app.dataDir, "run", "tasks"));
  const build = path.join(path.dirname(running), `deploy-test-${process.pid}-${builds.length}`);
  builds.push(build);
  cpSync(running, build, { recursive: true });
  const manifest = path.join(build, "build.json");
  const text = readFileSync(manifest, "utf8");
  writeFileSync(manifest, text.replace(/"contentHash":"\w+/, `$&${builds.length}`));
  const before = await currentVersion(app);
  linkTasks(app.dataDir, build);
  process.kill(app.pid("worker") ?? 0, "SIGHUP");
  return eventually(async () => newerThan(before, await currentVersion(app)), {
    what: () => `the new build was not taken\n${app.logs()}`,
    ms: 30_000,
  });
}

const newerThan = (before: string, now: string) => now !== before && now;

async function currentVersion(app: App): Promise<string> {
  const response = await app.trigger("/api/v1/deployments/current");
  // While a new worker is on its way nobody is there.
  if (response.status !== 200) return "";
  return ((await response.json()) as { version: string }).version;
}

/** The versions that answered, turn after turn, as the answers themselves tell. */
async function versions({ app, chatId }: FaultChat): Promise<(string | null)[]> {
  const rows = await app.query<{ version: string | null }>(
    `SELECT message -> 'metadata' ->> 'version' AS version FROM "Message"
     WHERE "chatId" = $1 AND message ->> 'role' = 'assistant' ORDER BY position`,
    [chatId],
  );
  return rows.map(({ version }) => version);
}

row(
  "F25: a deploy in mid-answer with a message deferred: the answer ends on the old version, the message is answered once by the new",
  async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      const chat = await fault.chat();
      const before = await currentVersion(fault.app);
      const first = await chat.send({ words: 40, holdAt: fault.dice.int(1, 39) });
      await first.model.held();
      await chat.send({ words: 6 });
      const after = await deploy(fault.app);
      fault.fired();
      first.model.release();
      await chat.settle();
      await chat.send({ words: 3 });
      await chat.settle();
      expect(await versions(chat)).toEqual([before, after, after]);
    }
  },
);

row("F25: a deploy between two messages: the run that waits hands the next one over", async (fault) => {
  const chat = await fault.chat();
  for (let round = 0; round < rounds(1); round += 1) {
    const before = await currentVersion(fault.app);
    await chat.send({ words: 3 });
    await chat.settle();
    const after = await deploy(fault.app);
    fault.fired();
    await chat.send({ words: 4 });
    await chat.settle();
    expect((await versions(chat)).slice(-2)).toEqual([before, after]);
  }
});

row(
  "F25: kill -9 of the worker host right after a deploy: its successor answers with the new version",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const turn = await chat.send({ words: 30, holdAt: fault.dice.int(1, 29), asked: 2 });
      await turn.model.held();
      await chat.tab.untilText(turn.answer.slice(0, 8));
      const after = await deploy(fault.app);
      await sleep(fault.dice.int(0, 200));
      await killPart(fault.app, "worker");
      fault.fired();
      turn.model.release();
      await chat.settle(60_000);
      expect((await versions(chat)).at(-1)).toBe(after);
    }
  },
);

row("npm run deploy hands the build of the sources over, and says which version runs", async (fault) => {
  const chat = await fault.chat();
  await chat.send({ words: 3 });
  await chat.settle();
  const { app } = fault;
  const { PATH, HOME, NODE_ENV } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/deploy.mjs"], {
    env: {
      PATH,
      HOME,
      NODE_ENV,
      DATA_DIR: app.dataDir,
      PORT: String(app.port),
      TRIGGER_PORT: String(app.triggerPort),
    },
  });
  fault.fired();
  expect(stdout).toContain(`the worker runs version ${await currentVersion(app)}\n`);
  await chat.send({ words: 4 });
  await chat.settle();
  expect((await versions(chat)).at(-1)).toBe(await currentVersion(app));
});
