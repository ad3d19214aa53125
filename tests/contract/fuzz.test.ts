import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeAppend } from "../bench/relay/s2-writer.ts";
import { Hostile, randomFrom } from "../support/hostile-values.ts";
import { newSession, triggerClient, userMessage } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

// The same calls each time; another seed finds others.
const SEED = Number(process.env["FUZZ_SEED"] ?? 970_120);
const CALLS = Number(process.env["FUZZ_CALLS"] ?? 3000);
const PATIENCE_MS = 30_000;
/** They may wait for a change before they answer at all. */
const HELD_OPEN = new Set([
  "GET /realtime/v1/runs",
  "GET /realtime/v1/runs/:run",
  "GET /realtime/v1/batches/:batch",
]);
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

/** The status of one call; null when it was held open, or the connection was cut. */
async function call(
  method: string,
  path: string,
  as: string | null,
  body?: string,
  ms = PATIENCE_MS,
): Promise<number | null> {
  try {
    const response = await fetch(trigger.url + path, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(ms),
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
  let calls = 0;
  while (calls < Math.max(CALLS, routes.length)) {
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
        const mayWait = HELD_OPEN.has(`${method} ${path}`);
        const status = await call(method, address, as, body, mayWait ? HELD_OPEN_MS : PATIENCE_MS);
        if (status === null ? !mayWait : status >= 500 && status !== 501)
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
}, 300_000);

/** The same bytes with one place changed, left out, doubled or cut off. */
function garbled(hostile: Hostile, sound: Buffer): Buffer {
  const at = Math.floor(hostile.random() * sound.length);
  const changed = Buffer.from(sound);
  changed[at] = Math.floor(hostile.random() * 256);
  return hostile.pick([
    changed,
    sound.subarray(0, at),
    Buffer.concat([sound.subarray(0, at), sound.subarray(at + 1)]),
    Buffer.concat([sound, sound]),
    Buffer.concat([sound.subarray(0, at), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), sound.subarray(at)]),
    sound,
  ]);
}

it(`S15: what comes with a sound signature is refused with 4xx, or taken, and never fails inside (FUZZ_SEED=${SEED})`, async () => {
  const hostile = new Hostile(randomFrom(SEED + 1));
  const client = triggerClient(trigger);
  const { chatId: written } = await client.createSession();
  const { headers } = await client.open(written, "out");
  const records = `/v1/streams/${encodeURIComponent(headers.get("x-s2-stream-name") ?? "")}/records`;
  const token = { authorization: `Bearer ${headers.get("x-s2-access-token") ?? ""}` };
  const signed = async (method: string, path: string): Promise<string> => {
    const { body } = await client.call<{ presignedUrl: string }>(method, path);
    const { pathname, search } = new URL(body.presignedUrl);
    return pathname + search;
  };
  const snapshot = await signed("PUT", `/api/v1/sessions/${written}/snapshot-url`);
  const packet = await signed("PUT", `/api/v2/packets/${encodeURIComponent("a/packet")}`);
  const input = Buffer.from(encodeAppend(["one", "two"]));
  const json = () => Buffer.from(hostile.body([{ records: [{ body: "x", headers: [["a", "b"]] }] }]));
  const targets = [
    { method: "POST", path: records, type: "application/json", body: json },
    {
      method: "POST",
      path: records,
      type: "application/protobuf",
      body: () => garbled(hostile, input.subarray(4)),
    },
    { method: "POST", path: records, type: "s2s/proto", body: () => garbled(hostile, input) },
    { method: "PUT", path: snapshot, type: "x/y", body: () => garbled(hostile, json()) },
    { method: "PUT", path: packet, type: "text/plain", body: () => garbled(hostile, json()) },
  ];
  const failed: string[] = [];
  const statuses = new Set<number>();
  for (let calls = 0; calls < CALLS / 4; calls++) {
    const target = targets[calls % targets.length];
    if (!target) continue;
    const { method, path, type } = target;
    const body = target.body();
    const answer = await fetch(trigger.url + path, {
      method,
      headers: { ...token, "content-type": type, ...(calls % 7 === 0 ? { "s2-format": "base64" } : {}) },
      body: Uint8Array.from(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const said = await answer.text();
    statuses.add(answer.status);
    if (answer.status >= 500 || said.includes('"storage"'))
      failed.push(
        `${answer.status} ${method} ${path} ${type} ${body.subarray(0, 100).toString("hex")} ${said}`,
      );
  }
  expect(failed).toEqual([]);
  expect([...statuses], "signatures are sound, bodies are not").toEqual(expect.arrayContaining([200, 400]));
  expect(statuses).not.toContain(403);
  const inside = trigger.local.logged.filter((line) => /request\.failed|append_failed/.test(line));
  expect(inside).toEqual([]);
  const last = await fetch(trigger.url + records, {
    method: "POST",
    headers: { ...token, "content-type": "application/json" },
    body: JSON.stringify({ records: [{ body: "the last" }] }),
  });
  expect(last.status).toBe(200);
  const { body } = await client.records(written, "out");
  expect(body.records.length).toBeGreaterThan(1);
}, 300_000);
