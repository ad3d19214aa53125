import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { emptyDatabase, type TestDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { fakeWorker } from "../support/fake-worker.ts";
import { triggerClient, userMessage } from "../support/trigger-client.ts";
import { signToken } from "#local-trigger/wire/tokens.ts";

const key = "tr_dev_process-test-0123456789";
let entry: string;
let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  // Inside the repository: the bundle finds its packages and the migrations from there.
  entry = path.resolve("build", `test-local-trigger-${process.pid}.mjs`);
  await build({
    entryPoints: ["local-trigger/main.ts"],
    outfile: entry,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "silent",
  });
  database = await emptyDatabase();
});
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child, "SIGKILL");
});
afterAll(async () => {
  await database.drop();
  await rm(entry, { force: true });
});

function start(env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, [entry], {
    env: {
      NODE_ENV: "production",
      PATH: process.env["PATH"],
      DATABASE_URL: database.url,
      TRIGGER_SECRET_KEY: key,
      TRIGGER_ACCESS_TOKEN: "tr_pat_process-test",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const output = { out: "", err: "" };
  child.stdout.on("data", (text) => (output.out += String(text)));
  child.stderr.on("data", (text) => (output.err += String(text)));
  return { child, output };
}

async function serving(port: number) {
  const started = start({ TRIGGER_PORT: String(port) });
  await eventually(() => started.output.out.includes("server.started"), {
    what: () => `no start: ${started.output.err}`,
  });
  const url = `http://127.0.0.1:${port}`;
  const token = (scopes: string[]) => signToken(key, scopes);
  return { ...started, url, client: triggerClient({ url, key, token, local: null, stop: async () => {} }) };
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  if (signal) child.kill(signal);
  return exit;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("the process of local-trigger", () => {
  it.each([
    [{ TRIGGER_SECRET_KEY: undefined }, "local-trigger: TRIGGER_SECRET_KEY is missing."],
    [{ TRIGGER_PORT: "http" }, "local-trigger: TRIGGER_PORT"],
    [
      { DATABASE_URL: "postgres://127.0.0.1:1/none" },
      "the database of DATABASE_URL cannot be used (ECONNREFUSED",
    ],
  ])("ends with 1 and one clear line when the environment is wrong: %j", async (env, line) => {
    const { child, output } = start(env);
    expect(await ended(child)).toBe(1);
    expect(output.err.trim().split("\n")).toEqual([expect.stringContaining(line)]);
  });

  it("names the fix when its port is taken, and when another one uses the database", async () => {
    const port = await freePort();
    await serving(port);
    const second = start({ TRIGGER_PORT: String(await freePort()) });
    expect(await ended(second.child)).toBe(1);
    expect(second.output.err).toContain("DATABASE_URL of its own");

    const other = await emptyDatabase();
    const third = start({ TRIGGER_PORT: String(port), DATABASE_URL: other.url });
    expect(await ended(third.child)).toBe(1);
    expect(third.output.err).toContain(`port ${port} is taken. Set TRIGGER_PORT to a free one.`);
    await other.drop();
  });

  it("stops cleanly within seconds on SIGTERM, also while readers and workers wait", async () => {
    const { child, client, url } = await serving(await freePort());
    const { chatId } = await client.createSession();
    const headers = { authorization: `Bearer ${key}` };
    const reader = await fetch(`${url}/realtime/v1/sessions/${chatId}/out`, { headers });
    const worker = await fakeWorker(client, "never-triggered");
    const waiting = worker.take().catch(() => null);
    const began = Date.now();
    expect(await ended(child, "SIGTERM")).toBe(0);
    expect(Date.now() - began).toBeLessThan(3000);
    await reader.text().catch(() => "");
    await waiting;
  });

  it("writes only JSON lines, without message text and without tokens", async () => {
    const { client, output, child } = await serving(await freePort());
    const { chatId, body } = await client.createSession();
    await client.append(chatId, userMessage(chatId, "marmalade"), { as: body.publicAccessToken });
    await client.call("GET", `/api/v1/sessions/${chatId}?token=marmalade`, { as: "marmalade" });
    await ended(child, "SIGTERM");
    const lines = output.out.trim().split("\n");
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), event: expect.any(String) });
    expect(output.out + output.err).not.toMatch(new RegExp(`marmalade|${key}|${body.publicAccessToken}`));
  });

  it("has every acknowledged append after a kill -9 in the middle of many, once, under its number", async () => {
    const port = await freePort();
    let server = await serving(port);
    const { chatId } = await server.client.createSession();
    const acknowledged = new Map<string, number>();
    let refused = 0;
    for (let round = 0; round < 3; round++) {
      const { client, child } = server;
      const parts: string[] = [];
      const writer = async () => {
        // Each writes until the server is gone, so that the kill meets appends on their way on any machine.
        for (;;) {
          const partId = randomUUID();
          parts.push(partId);
          const reply = await client
            .append(chatId, userMessage(chatId, partId), { partId })
            .catch(() => null);
          if (reply?.status !== 200) break;
          acknowledged.set(partId, reply.body.seq);
        }
        refused++;
      };
      const writing = Promise.all(Array.from({ length: 30 }, writer));
      const sofar = acknowledged.size;
      await eventually(() => acknowledged.size >= sofar + 20, {
        what: () => "no append was acknowledged",
        everyMs: 1,
      });
      await ended(child, "SIGKILL");
      await writing;
      server = await serving(port);
      const before = new Map(acknowledged);
      for (const partId of parts) {
        const { body } = await server.client.append(chatId, userMessage(chatId, partId), { partId });
        if (before.has(partId)) expect(body.seq).toBe(before.get(partId));
        acknowledged.set(partId, body.seq);
      }
    }
    expect(refused).toBe(3 * 30);
    const { records } = (await server.client.records(chatId, "in")).body;
    expect(records.map((r) => r.seqNum)).toEqual(Array.from(acknowledged, (_, i) => i));
    expect(new Map(records.map((r) => [r.id, r.seqNum]))).toEqual(acknowledged);
  });
});
