import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { sdkServer } from "../support/sdk-server.ts";

const server = sdkServer();
type Address = { method: string; path: string };

const SDK = ["@trigger.dev/core:apiClient/index.js", "@trigger.dev/sdk:schedules/index.js"];
/** The writer of streams of version 1: this server's are of version 2, which it says where a stream is opened. */
const OLD_STREAMS = ["@trigger.dev/core:realtimeStreams/streamsWriterV1.js"];
const CLI = ["trigger.dev:../apiClient.js", "trigger.dev:../dev/devWatchdog.js"];

const ADDRESS =
  /`\$\{[\w.]*(?:base|api|engine)U(?:rl|RL)\}(\/[^`]*)`|new URL\(["`](\/[^"`]+)["`], this\.apiURL\)/g;

/** Every address that these files put together, a letter in each place of a value. */
async function addressesIn(files: string[]): Promise<Address[]> {
  return (await Promise.all(files.map(addressesOfFile))).flat();
}

async function addressesOfFile(file: string): Promise<Address[]> {
  const [name = "", rest = ""] = file.split(":");
  const folder = path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  const source = await readFile(path.join(folder, "dist/esm/v3", rest), "utf8");
  const calls = [...source.matchAll(ADDRESS)];
  const addresses = calls.map((call, n) => {
    const rest = source.slice(call.index, calls[n + 1]?.index);
    const method = /method: "([A-Z]+)"/.exec(rest)?.[1] ?? "GET";
    const concrete = (call[1] ?? call[2] ?? "")
      .replace(/(\$\{options)?\?.*$/, "")
      .replace(/\$\{(queryParams|searchParams|search|suffix|qs)\b.*$/, "")
      .replace(/\$\{(target|this\.options\.target[^}]*)\}/, "self")
      .replace("${field}", "payload")
      .replace("${env}", "dev")
      .replace(/\$\{[^}]*\}/g, "x");
    return { method, path: concrete };
  });
  // The client puts the addresses of a session's streams together in two steps; the tests of sessions call them all.
  return addresses.filter((address) => address.path !== "/realtime/v1/sessions/x");
}

const NOT_SERVED = /does not serve this part of the Trigger.dev API; local-trigger\/README.md/;

const patternOf = (route: string) => new RegExp(`^${route.replace(/:[A-Za-z]+/g, "[^/]+")}$`);

function isServed({ method, path: address }: Address): boolean {
  return server.trigger.local.server.routeTable.some(
    (route) => route.method === method && patternOf(route.path).test(address),
  );
}

/** The beginnings of the addresses that the README's list of what is left out names. */
async function leftOut(): Promise<RegExp[]> {
  const readme = await readFile(new URL("../../local-trigger/README.md", import.meta.url), "utf8");
  const section = readme.split("## What is left out")[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| of"));
  return rows
    .flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""))
    .flatMap((text) => {
      const [, before = text, choices = "", after = ""] = /^(.*)\{(.*)\}(.*)$/.exec(text) ?? [];
      return choices ? choices.split(",").map((choice) => before + choice + after) : [before];
    })
    .map((text) => (text.startsWith("/api/") ? text : `/api/v1${text}`))
    .map((text) => new RegExp(`^${text.replace(/:[A-Za-z]+/g, "[^/]+")}(/|$)`));
}

describe("an address that the SDK knows", () => {
  test("is served, or is on the list of what is left out, which names no others", async () => {
    const addresses = await addressesIn(SDK);
    expect(addresses.length).toBeGreaterThan(90);
    const listed = await leftOut();
    const open = addresses.filter((address) => !isServed(address));
    const unnamed = open.filter((address) => !listed.some((pattern) => pattern.test(address.path)));
    expect(unnamed.map((address) => `${address.method} ${address.path}`)).toEqual([]);
    expect(listed.filter((pattern) => !open.some((address) => pattern.test(address.path)))).toEqual([]);
  });

  test("and that is left out answers 501 with a sentence", async () => {
    for (const address of (await addressesIn(SDK)).filter((one) => !isServed(one))) {
      const { status, body } = await server.call(address.method, address.path);
      expect([address.path, status]).toEqual([address.path, 501]);
      expect(body["error"]).toMatch(NOT_SERVED);
    }
  });
});

describe("an address that the CLI or an older stream's writer knows", () => {
  test("is served where `trigger dev` asks for it, and no other of them is", async () => {
    const served = (await addressesIn([...CLI, ...OLD_STREAMS])).filter(isServed);
    expect(
      [...new Set(served.map(({ method, path: address }) => `${method} ${address}`))].toSorted(),
    ).toEqual([
      "GET /api/v1/platform-notifications",
      "GET /api/v1/projects/x/dev",
      "GET /api/v1/projects/x/envvars",
      "GET /api/v2/whoami",
      "GET /engine/v1/dev/config",
      "GET /engine/v1/dev/presence",
      "GET /engine/v1/dev/runs/x/snapshots/latest",
      "POST /api/v1/projects/x/background-workers",
      "POST /api/v1/projects/x/branches",
      "POST /api/v1/tasks/x/trigger",
      "POST /engine/v1/dev/dequeue",
      "POST /engine/v1/dev/disconnect",
      "POST /engine/v1/dev/runs/x/logs/debug",
      "POST /engine/v1/dev/runs/x/snapshots/x/attempts/complete",
      "POST /engine/v1/dev/runs/x/snapshots/x/attempts/start",
      "POST /engine/v1/dev/runs/x/snapshots/x/heartbeat",
    ]);
  });

  test("and that is left out says so, never as a 404 without a reason", async () => {
    for (const address of (await addressesIn([...CLI, ...OLD_STREAMS])).filter((one) => !isServed(one))) {
      const response = await fetch(new URL(address.path, server.trigger.url), {
        method: address.method,
        headers: { authorization: `Bearer ${server.trigger.key}` },
      });
      expect([501, 405], `${address.method} ${address.path}`).toContain(response.status);
      if (address.method !== "HEAD")
        expect(await response.text()).toMatch(response.status === 501 ? NOT_SERVED : /answers [A-Z, ]+ only/);
    }
  });
});
