import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { sdkServer } from "../support/sdk-server.ts";

const server = sdkServer();
type Address = { method: string; path: string };

/** Every address that the SDK's client builds, a letter in each place of a value. */
async function addressesOfSdk(): Promise<Address[]> {
  const core = path.dirname(createRequire(import.meta.url).resolve("@trigger.dev/core/package.json"));
  const source = await readFile(path.join(core, "dist/esm/v3/apiClient/index.js"), "utf8");
  const calls = [...source.matchAll(/`\$\{this\.baseUrl\}(\/[^`]*)`/g)];
  const addresses = calls.map((call, n) => {
    const rest = source.slice(call.index, calls[n + 1]?.index);
    const method = /method: "([A-Z]+)"/.exec(rest)?.[1] ?? "GET";
    const concrete = (call[1] ?? "")
      .replace(/\?.*$/, "")
      .replace(/\$\{(queryParams|searchParams|search|suffix|qs)\b.*$/, "")
      .replace("${target}", "self")
      .replace("${field}", "payload")
      .replace(/\$\{[^}]*\}/g, "x");
    return { method, path: concrete };
  });
  // The client puts the addresses of a session's streams together in two steps; the tests of sessions call them all.
  return addresses.filter((address) => address.path !== "/realtime/v1/sessions/x");
}

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
    const addresses = await addressesOfSdk();
    expect(addresses.length).toBeGreaterThan(90);
    const listed = await leftOut();
    const open = addresses.filter((address) => !isServed(address));
    const unnamed = open.filter((address) => !listed.some((pattern) => pattern.test(address.path)));
    expect(unnamed.map((address) => `${address.method} ${address.path}`)).toEqual([]);
    expect(listed.filter((pattern) => !open.some((address) => pattern.test(address.path)))).toEqual([]);
  });

  test("and that is left out answers 501 with a sentence", async () => {
    for (const address of (await addressesOfSdk()).filter((one) => !isServed(one))) {
      const { status, body } = await server.call(address.method, address.path);
      expect([address.path, status]).toEqual([address.path, 501]);
      expect(body["error"]).toMatch(
        /does not serve this part of the Trigger.dev API; local-trigger\/README.md/,
      );
    }
  });
});
