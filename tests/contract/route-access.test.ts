import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSession, triggerClient, type CreatedSession } from "../support/trigger-client.ts";
import { localUnderTest } from "../support/trigger-server.ts";

let trigger: Awaited<ReturnType<typeof localUnderTest>>;
let client: ReturnType<typeof triggerClient>;
let chat: { chatId: string; body: CreatedSession };
/** What the parameters of addresses stand for, each of it there. */
let named: Record<string, string>;
beforeAll(async () => {
  trigger = await localUnderTest();
  client = triggerClient(trigger);
  chat = await client.createSession();
  named = await namedThings();
});
afterAll(() => trigger.stop());

/** Makes a batch, a token to wait for and a run with a packet; the session is there. */
async function namedThings(): Promise<Record<string, string>> {
  const task = "contract-chat";
  const batch = await client.call<{ id: string }>("POST", "/api/v3/batches", { body: { runCount: 1 } });
  const token = await client.call<{ id: string }>("POST", "/api/v1/waitpoints/tokens", { body: {} });
  const path = `payload-${randomUUID()}`;
  const packet = await client.call<{ presignedUrl: string }>("PUT", `/api/v2/packets/${path}`);
  await fetch(packet.body.presignedUrl, { method: "PUT", body: '{"large":true}' });
  const stored = { payload: path, options: { payloadType: "application/store" } };
  const run = await client.call<{ id: string }>("POST", `/api/v1/tasks/${task}/trigger`, { body: stored });
  const made = { batch: batch.body.id, token: token.body.id, run: run.body.id };
  return { id: chat.chatId, session: chat.chatId, task, channel: "c", name: "notes", ...made };
}

/** An address of the route table, of what is there. */
function addressOf(path: string): string {
  return path.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = named[name];
    if (value === undefined) throw new Error(`make in namedThings() what :${name} of ${path} stands for`);
    return encodeURIComponent(value);
  });
}

/** What is posted where an empty object is none that is taken. */
const SOUND: Record<string, unknown[]> = {
  "/api/v1/sessions": [newSession(randomUUID())],
  "/api/v3/batches": [
    { runCount: 1 },
    { runCount: 1, taskIdentifiers: ["contract-chat"] },
    // What names no task at all is no way around the question who may start it.
    { runCount: 1, taskIdentifiers: [] },
  ],
  "/api/v3/batches/:batch/items": [{ index: 0, task: "contract-chat", payload: "{}" }, ""],
};

/** The status of a call that leaves no stream open. */
async function status(method: string, path: string, as: string | null, body?: unknown): Promise<number> {
  const controller = new AbortController();
  const response = await fetch(new URL(path, trigger.url), {
    method,
    headers: as === null ? {} : { authorization: `Bearer ${as}` },
    ...(body === undefined ? {} : { body: body === "" ? "" : JSON.stringify(body) }),
    signal: controller.signal,
  });
  controller.abort();
  return response.status;
}

describe("credentials, on every route of the table,", () => {
  it("are needed by every route but those that the README calls public or signed", async () => {
    const served = trigger.local.server.routeTable.map((r) => `${r.method} ${r.path} ${r.access}`);
    expect(served.toSorted()).toEqual((await routesOfReadme()).toSorted());
    expect(served.filter((line) => line.endsWith(" public")).toSorted()).toEqual([
      "GET /api/v1/timezones public",
      "GET /healthz public",
      "POST /otel/v1/logs public",
      "POST /otel/v1/metrics public",
      "POST /otel/v1/traces public",
    ]);
  });

  it("that are unknown are refused with 401 by every other route, without running it", async () => {
    for (const { method, path, access } of trigger.local.server.routeTable) {
      if (access === "public" || access === "signed") continue;
      const address = path.replace(/:[A-Za-z]+/g, "x");
      expect([`${method} ${path}`, await status(method, address, "tr_dev_unknown")]).toEqual([
        `${method} ${path}`,
        401,
      ]);
      expect([`${method} ${path}`, await status(method, address, null)]).toEqual([`${method} ${path}`, 401]);
    }
  });

  it("of the secret key do not open what needs the access token, nor the other way round", async () => {
    for (const { method, path, access } of trigger.local.server.routeTable) {
      const address = path.replace(/:[A-Za-z]+/g, "x");
      if (access === "pat") expect(await status(method, address, trigger.key)).toBe(401);
      if (access === "secret") expect(await status(method, address, trigger.local.accessToken)).toBe(401);
    }
    expect(await status("GET", "/api/v1/projects/proj_longrun/dev", null)).toBe(401);
  });

  it("of a browser's token for another session and run open no route of this one", async () => {
    const kinds = ["sessions", "runs", "waitpoints", "tasks", "tags", "batch"];
    const scopes = kinds.flatMap((kind) => ["read", "write", "admin"].map((may) => `${may}:${kind}:other`));
    const foreign = await trigger.token(scopes);
    for (const { method, path, access } of trigger.local.server.routeTable) {
      if (access !== "jwt-or-secret") continue;
      const address = addressOf(path);
      const bodies = method === "GET" || method === "HEAD" ? [undefined] : (SOUND[path] ?? [{}]);
      for (const body of bodies) {
        const answer = await status(method, address, foreign, body);
        expect([`${method} ${path}`, answer]).toEqual([`${method} ${path}`, 403]);
      }
    }
  });

  it("of the secret key find what those addresses name: it is there, and was refused", async () => {
    for (const { method, path, access } of trigger.local.server.routeTable) {
      if (access !== "jwt-or-secret" || method !== "GET" || path.endsWith("/output")) continue;
      expect([`${method} ${path}`, await status(method, addressOf(path), trigger.key)]).toEqual([
        `${method} ${path}`,
        200,
      ]);
    }
  });

  it("of a browser's token do not open a route of the secret key", async () => {
    const admin = await trigger.token(["admin"]);
    for (const { method, path, access } of trigger.local.server.routeTable) {
      if (access !== "secret") continue;
      expect(await status(method, path.replace(/:[A-Za-z]+/g, "x"), admin)).toBe(403);
    }
  });
});

/** The rows of the README's endpoint table, one line a method and path. */
async function routesOfReadme(): Promise<string[]> {
  const text = await readFile(new URL("../../local-trigger/README.md", import.meta.url), "utf8");
  return [...text.matchAll(/^\| ([A-Z, ]+) \| `([^`]+)` \| (\w+) \|/gm)].flatMap(
    ([, methods, path, access]) => {
      const [before = "", choices, after = ""] = (path ?? "").split(/\{(.+)\}/);
      const paths = choices ? choices.split(",").map((choice) => `${before}${choice}${after}`) : [before];
      const name = access === "jwt" ? "jwt-or-secret" : access;
      return (methods ?? "").split(", ").flatMap((method) => paths.map((one) => `${method} ${one} ${name}`));
    },
  );
}
