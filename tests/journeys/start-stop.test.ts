import { createServer } from "node:net";
import { afterEach, beforeAll, expect, test } from "vitest";
import { launchApp, startApp, StartFailed, type App, type AppOptions } from "../support/app.ts";
import { append, HttpUser, messageBody, storedRecords } from "../support/http-user.ts";
import { eventually } from "../support/eventually.ts";
import { isAlive } from "../support/process-list.ts";

const DEMO = { DEFAULT_MODEL: undefined };
let running: App[] = [];

async function start(options: AppOptions = {}): Promise<App> {
  const app = await launchApp({ ...options, env: { ...DEMO, ...options.env } });
  running.push(app);
  return app.ready();
}

/** Starts where it must not start; returns how it ended. */
async function refusedStart(options: AppOptions): Promise<StartFailed> {
  const app = await launchApp({ ...options, env: { ...DEMO, ...options.env } });
  running.push(app);
  try {
    await app.ready();
  } catch (error) {
    if (error instanceof StartFailed) return error;
    throw error;
  }
  throw new Error(`npm start started:\n${app.output}`);
}

/** Lines of the output that are no progress and no notice of npm itself. */
function complaints(output: string): string[] {
  return output.split("\n").filter((line) => /^\s+at |Error:/.test(line));
}

/** The chat's answer, once its turn is complete. */
async function answerOf(app: App, chatId: string): Promise<string> {
  const records = await eventually(
    async () => {
      const all = await storedRecords(app, chatId, "out");
      const complete = all.some(({ headers }) => headers.some(([name]) => name === "trigger-control"));
      return complete ? all : null;
    },
    { what: () => `no answer\n${app.logs()}`, ms: 30_000 },
  );
  return records.map(({ data }) => (data as { delta?: string } | null)?.delta ?? "").join("");
}

async function ask(app: App): Promise<string> {
  const user = await new HttpUser(app).signUp();
  const { chatId, token } = await user.newChat();
  const response = await append(app, chatId, token, messageBody(chatId, "hello"));
  expect(response.status).toBe(200);
  return answerOf(app, chatId);
}

// Whatever is to be built is built here, not within the time of a test.
beforeAll(async () => (await startApp({ env: DEMO })).stop());

afterEach(async () => {
  const apps = running;
  running = [];
  for (const app of apps.reverse()) await app.stop();
});

test("npm start answers once it says ready, and Ctrl-C leaves no process behind", async () => {
  const app = await start({ command: ["npm", "start"] });
  expect(app.url).toBe(`http://127.0.0.1:${app.port}`);
  expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
  expect(await ask(app)).not.toBe("");
  expect(app.processes().length).toBeGreaterThan(4);
  // What a terminal does on Ctrl-C: the signal goes to every process of the group.
  process.kill(-(app.process.pid ?? 0), "SIGINT");
  await app.ended();
  await app.noneLeft();
});

test("after kill -9 of npm start the next one takes over, on the same Postgres, with all data", async () => {
  const first = await start();
  const user = await new HttpUser(first).signUp();
  const { chatId, token } = await user.newChat();
  await append(first, chatId, token, messageBody(chatId, "remember me"));
  const answer = await answerOf(first, chatId);
  const postgres = first.pid("postgres") ?? 0;
  first.process.kill("SIGKILL");
  await first.ended();
  expect(isAlive(postgres), "Postgres outlives its supervisor").toBe(true);

  const { port, triggerPort } = first;
  const second = await start({ dataDir: first.dataDir, ports: { port, triggerPort } });
  expect(second.pid("postgres"), "Postgres is taken over, not started again").toBe(postgres);
  const records = await storedRecords(second, chatId, "out");
  expect(records.map(({ data }) => (data as { delta?: string } | null)?.delta ?? "").join("")).toBe(answer);
  expect(await ask(second)).not.toBe("");
  second.process.kill("SIGTERM");
  expect(await second.ended()).toBe(0);
  await second.noneLeft();
});

test("after kill -9 of npm itself all that it started ends, and the next start need not wait to be asked", async () => {
  const first = await start({ command: ["npm", "start"] });
  const { dataDir, port, triggerPort } = first;
  first.process.kill("SIGKILL");
  const second = await start({ dataDir, ports: { port, triggerPort } });
  expect(second.pid("supervisor")).toBe(second.process.pid);
  expect(await ask(second)).not.toBe("");
});

test("a part that is killed comes back under a new pid", async () => {
  const app = await start();
  for (const part of ["web", "worker", "local-trigger", "postgres"] as const) {
    await app.waitForNewPid(part, app.kill9(part));
    await app.healthy();
  }
  expect(await ask(app)).not.toBe("");
});

test("two instances run side by side, and one that stops does not disturb the other", async () => {
  const [one, two] = await Promise.all([start(), start()]);
  expect(await Promise.all([ask(one), ask(two)])).toHaveLength(2);
  one.process.kill("SIGTERM");
  await one.ended();
  await one.noneLeft();
  expect(await ask(two)).not.toBe("");
});

test("a second supervisor on the same data folder is refused in one line, and the first goes on", async () => {
  const app = await start();
  const refused = await refusedStart({ dataDir: app.dataDir });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(app.dataDir);
  expect(complaints(refused.output)).toEqual([]);
  running.pop();
  expect(await ask(app)).not.toBe("");
});

test("a taken port is one clear line and exit 1, and nothing stays behind", async () => {
  for (const variable of ["PORT", "TRIGGER_PORT"]) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const refused = await refusedStart({ env: { [variable]: String(port) } });
    await new Promise((resolve) => server.close(resolve));
    expect(refused.code, variable).toBe(1);
    expect(refused.output).toContain(String(port));
    expect(refused.output).toContain(variable);
    expect(complaints(refused.output)).toEqual([]);
    await running.at(-1)?.noneLeft();
  }
});

test("a wrong variable is one clear line that names it, and exit 1", async () => {
  const wrong: [string, Record<string, string>][] = [
    ["DATA_DIR", { DATA_DIR: "/proc/nowhere" }],
    ["HOST", { HOST: "not-an-address" }],
    ["PORT", { PORT: "eighty" }],
    ["TRIGGER_PORT", { TRIGGER_PORT: "70000" }],
    ["TRIGGER_SECRET_KEY", { TRIGGER_API_URL: "http://127.0.0.1:1" }],
    ["SESSION_SECRET", { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" }],
    ["OPENAI_COMPATIBLE_BASE_URL", { OPENAI_COMPATIBLE_BASE_URL: "not a url" }],
    ["DEFAULT_MODEL", { DEFAULT_MODEL: "gpt" }],
  ];
  for (const [name, env] of wrong) {
    const refused = await refusedStart({ env });
    expect(refused.code, name).toBe(1);
    expect(refused.output).toContain(name);
    expect(refused.output.trim().split("\n"), name).toHaveLength(1);
  }
});
