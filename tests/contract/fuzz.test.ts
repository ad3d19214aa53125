import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Hostile, randomFrom } from "../support/hostile-values.ts";
import { newSession, triggerClient, userMessage } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 1_000_000));
const MS = Number(process.env["FUZZ_MS"] ?? 12_000);
const HELD_OPEN_MS = 1500;

let trigger: TriggerUnderTest & { local: LocalInside };
let chatId: string;
let runId: string;
beforeAll(async () => {
  trigger = await localUnderTest({ timing: { dequeueHoldMs: 50 } });
  const chat = await triggerClient(trigger).createSession();
  chatId = chat.chatId;
  runId = chat.body.runId;
});
afterAll(() => trigger.stop());

/** Addresses can not hold half of a pair. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

/** Bodies as the SDK sends them. */
const sound = () => [
  newSession(randomUUID()),
  userMessage(chatId, "hello"),
  { payload: { a: 1 }, options: { queue: { name: "q" }, ttl: "1m", tags: ["t"], delay: "1h" } },
  { runCount: 2, idempotencyKey: "k" },
  { index: 0, task: "contract-chat", payload: "{}", options: {} },
  { session: chatId, io: "in", timeout: "1m", lastSeqNum: 0 },
  { task: "contract-chat", cron: "* * * * *", timezone: "UTC", deduplicationKey: "d", externalId: "e" },
  { metadata: { a: 1 }, operations: [{ type: "set", key: "a", value: 1 }] },
  { type: "MANUAL", concurrencyLimit: 2, action: "pause", reason: "deleted" },
  { records: [{ body: "x", headers: [["a", "b"]] }] },
  { scopes: ["read:sessions"], expirationTime: "1h" },
  { date: "2026-01-01T00:00:00Z", timeout: "10s", tags: ["a"], data: { x: 1 } },
];

/** The status of one call; null when it was held open, or the connection was cut because of what was sent. */
async function call(method: string, path: string, as: string | null, body?: string): Promise<number | null> {
  try {
    const response = await fetch(trigger.url + path, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(HELD_OPEN_MS),
      redirect: "manual",
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}

it(`S15: hostile bodies and addresses are refused with 4xx on every route (FUZZ_SEED=${SEED})`, async () => {
  const hostile = new Hostile(randomFrom(SEED));
  const routes = trigger.local.server.routeTable;
  const token = await trigger.token([
    `read:sessions:${chatId}`,
    `write:sessions:${chatId}`,
    `read:runs:${runId}`,
  ]);
  const addresses = (path: string): string =>
    path.replace(/:[A-Za-z]+/g, () =>
      encodeURIComponent(hostile.pick([chatId, runId, "x", wellFormed(hostile.text().slice(0, 300)) || "y"])),
    );
  const failed: string[] = [];
  const until = performance.now() + MS;
  let calls = 0;
  while (performance.now() < until || calls < routes.length) {
    // Every route in its turn, so that none is left out.
    const some = [0, 1, 2, 3, 4, 5].map((offset) => routes[(calls + offset) % routes.length]);
    calls += some.length;
    await Promise.all(
      some.map(async (route) => {
        if (!route) return;
        const { method, path, access } = route;
        const as =
          access === "pat" ? trigger.local.accessToken : hostile.pick([trigger.key, trigger.key, token]);
        const query =
          hostile.random() < 0.3
            ? `?${new URLSearchParams({ limit: wellFormed(hostile.text()), afterEventId: "-5", from: "x" }).toString()}`
            : "";
        const body = /GET|HEAD/.test(method) ? undefined : hostile.body(sound());
        const address = addresses(path) + query;
        const status = await call(method, address, as, body);
        if (status !== null && status >= 500 && status !== 501)
          failed.push(`${status} ${method} ${address.slice(0, 200)} ${body?.slice(0, 300) ?? ""}`);
      }),
    );
  }
  expect(failed, `after ${calls} calls`).toEqual([]);
  expect(trigger.local.logged.filter((line) => line.includes("request.failed"))).toEqual([]);
  // The server runs in this process: what it pollutes is seen here.
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(await call("GET", "/healthz", null)).not.toBeNull();
}, 120_000);
