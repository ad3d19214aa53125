import { mkdtempSync, rmSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { triggerClient } from "./trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "./trigger-server.ts";

/** local-trigger with its pages, for one test file; whoever imports this is signed in as `cookie`. */
type Answer = { status: number; headers: IncomingHttpHeaders; text: string };
type Sent = { headers?: Record<string, string>; form?: Record<string, string>; method?: string };

export let trigger: TriggerUnderTest & { local: LocalInside };
export let client: ReturnType<typeof triggerClient>;
export let logs: string;
export let cookie: string;
beforeAll(async () => {
  logs = mkdtempSync(path.join(tmpdir(), "run-logs-"));
  trigger = await localUnderTest({ runLogsDir: logs, inspectorHosts: ["box.example"] });
  client = triggerClient(trigger);
  cookie = await signIn();
});
afterAll(async () => {
  await trigger.stop();
  rmSync(logs, { recursive: true });
});

/** Node's own client: unlike fetch it sends any header. */
export function ask(address: string, { headers = {}, form, method }: Sent = {}): Promise<Answer> {
  const body = form && new URLSearchParams(form).toString();
  return new Promise((resolve, reject) => {
    const call = request(
      new URL(address, trigger.url),
      { method: method ?? (form ? "POST" : "GET"), headers: { ...headers } },
      (res) => {
        let text = "";
        res.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        res.on("end", () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
      },
    );
    call.on("error", reject);
    call.end(body);
  });
}

export const see = (address: string, sent: Sent = {}) =>
  ask(address, { ...sent, headers: { cookie, ...sent.headers } });

export async function signIn(): Promise<string> {
  const { status, headers } = await ask("/inspect/sign-in", { form: { key: trigger.key } });
  expect(status).toBe(303);
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

export const pages = () =>
  trigger.local.server.routeTable
    .filter(({ access }) => access === "page")
    .map(({ method, path: address }) => ({ method, address: address.replace(/:\w+/g, "x") }));
/** All of this goes to another server while `visit` runs. */
export async function visiting(server: typeof trigger, visit: () => Promise<void>): Promise<void> {
  const before = [trigger, client, cookie] as const;
  [trigger, client] = [server, triggerClient(server)];
  cookie = await signIn();
  try {
    await visit();
  } finally {
    [trigger, client, cookie] = before;
  }
}

export function tokenIn(text: string): string {
  return /name="token" value="([^"]+)"/.exec(text)?.[1] ?? "";
}

export async function stateOf(runId: string): Promise<unknown> {
  return (await client.call("GET", `/api/v3/runs/${runId}`)).body.status;
}

/** What `pattern` finds on a page and on all that its link `label` leads to. */
export async function walk(address: string, label: string, pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (let next: string | undefined = address, pages = 0; next !== undefined; pages += 1) {
    if (pages > 20) throw new Error(`${address} has no end`);
    const { text }: Answer = await see(next);
    found.push(...[...text.matchAll(pattern)].map((match) => match[1] ?? ""));
    next = new RegExp(`<a href="([^"]+)">${label}</a`).exec(text)?.[1]?.replaceAll("&#38;", "&");
  }
  return found;
}

/** Follows an event stream. */
export async function listen(address: string, as = cookie) {
  const controller = new AbortController();
  const answer = await fetch(new URL(address, trigger.url), {
    headers: { cookie: as },
    signal: controller.signal,
  });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  let text = "";
  let ended = false;
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(chunk);
  };
  void read()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return {
    text: () => text,
    count: () => text.split("event: changed").length - 1,
    ended: () => ended,
    stop: () => controller.abort(),
  };
}
