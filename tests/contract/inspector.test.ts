import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sign } from "#local-trigger/wire/signatures.ts";
import { eventually } from "../support/eventually.ts";
import { fakeWorker } from "../support/fake-worker.ts";
import { triggerClient, userMessage } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

type Answer = { status: number; headers: IncomingHttpHeaders; text: string };
type Sent = { headers?: Record<string, string>; form?: Record<string, string>; method?: string };

let trigger: TriggerUnderTest & { local: LocalInside };
let client: ReturnType<typeof triggerClient>;
let logs: string;
let cookie: string;
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
function ask(address: string, { headers = {}, form, method }: Sent = {}): Promise<Answer> {
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

const see = (address: string, sent: Sent = {}) =>
  ask(address, { ...sent, headers: { cookie, ...sent.headers } });

async function signIn(): Promise<string> {
  const { status, headers } = await ask("/inspect/sign-in", { form: { key: trigger.key } });
  expect(status).toBe(303);
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

const pages = () =>
  trigger.local.server.routeTable
    .filter(({ access }) => access === "page")
    .map(({ method, path: address }) => ({ method, address: address.replace(/:\w+/g, "x") }));

describe("without the key", () => {
  it("every page and every action answers 401 with the form, and shows nothing", async () => {
    const { chatId } = await client.createSession();
    expect(pages().length).toBeGreaterThan(8);
    for (const { method, address } of pages()) {
      const answer = await ask(address, { method });
      expect([method, address, answer.status]).toEqual([method, address, 401]);
      expect(answer.text).toContain('action="/inspect/sign-in"');
      expect(answer.text).not.toContain(chatId);
    }
  });

  it("a wrong key is refused, and the tenth in a minute closes the door for a while", async () => {
    const other = await localUnderTest();
    try {
      const send = (key: string) =>
        fetch(new URL("/inspect/sign-in", other.url), { method: "POST", body: new URLSearchParams({ key }) });
      const tries = await Promise.all(Array.from({ length: 10 }, () => send("not the key")));
      expect(tries.map(({ status }) => status)).toEqual(Array(10).fill(401));
      const closed = await send(other.key);
      expect([closed.status, closed.headers.get("retry-after"), closed.headers.get("set-cookie")]).toEqual([
        429,
        "60",
        null,
      ]);
      expect(other.local.logged.join("\n")).not.toContain("not the key");
    } finally {
      await other.stop();
    }
  });

  it("the access token and public tokens open nothing", async () => {
    for (const key of [trigger.local.accessToken, await trigger.token(["admin"])]) {
      expect((await ask("/inspect", { headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
      expect((await ask("/inspect/sign-in", { form: { key } })).status).toBe(401);
    }
  });
});

describe("the cookie", () => {
  it("is for this server's scripts neither to read nor to send from elsewhere, and holds no key", async () => {
    const { headers } = await ask("/inspect/sign-in", { form: { key: trigger.key } });
    const set = String(headers["set-cookie"]);
    expect(set).toMatch(/^inspect_\w{8}=\S+; Path=\/inspect; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect(set).not.toContain(trigger.key);
    expect(headers.location).toBe("/inspect");
  });

  it("counts while it holds, and not when it has expired, was changed, or was made with another key", async () => {
    const [name = "", value = ""] = cookie.split("=");
    const made = (key: string, seconds: number) => {
      const expires = Math.floor(Date.now() / 1000) + seconds;
      return `${name}=nonce.${expires}.${sign(key, "inspector", ["nonce"], expires)}`;
    };
    const status = async (given: string) => (await see("/inspect", { headers: { cookie: given } })).status;
    expect(await status(`other=1; ${made(trigger.key, 60)}`)).toBe(200);
    expect(await status(made(trigger.key, -1))).toBe(401);
    expect(await status(made("another-key-of-tests", 60))).toBe(401);
    expect(await status(`${name}=${value.replace(/^./, "z")}`)).toBe(401);
    expect(await status(`${name}=`)).toBe(401);
    expect(await status(`x${cookie}`)).toBe(401);
  });

  it("ends at sign-out, also for whoever has a copy of it", async () => {
    const own = await signIn();
    const { text } = await see("/inspect", { headers: { cookie: own } });
    const token = tokenIn(text);
    const out = await see("/inspect/sign-out", { form: { token }, headers: { cookie: own } });
    expect([out.status, String(out.headers["set-cookie"])]).toEqual([
      303,
      expect.stringContaining("Max-Age=0"),
    ]);
    expect((await see("/inspect", { headers: { cookie: own } })).status).toBe(401);
    expect((await see("/inspect")).status).toBe(200);
  });
});

describe("from elsewhere", () => {
  it.each([
    "evil.example",
    "localhost.evil.example:3030",
    "127.0.0.1.nip.example",
    "192.168.1.7",
    "127.0.0.2",
    "x y",
  ])("under the name %j nothing is served, signed in or not", async (host) => {
    for (const address of ["/inspect", "/inspect/runs", "/inspect/live"]) {
      const answer = await see(address, { headers: { host } });
      expect(answer.status).toBe(403);
      expect(answer.text).not.toContain('name="key"');
    }
    const key = await see("/inspect/sign-in", { form: { key: trigger.key }, headers: { host } });
    expect(key.headers["set-cookie"]).toBeUndefined();
  });

  it("under this machine's names it is served, with any port, and under those of INSPECTOR_HOSTS", async () => {
    for (const host of [
      "localhost",
      "LOCALHOST:9999",
      "127.0.0.1:1",
      "[::1]:3030",
      "box.example",
      "box.example:443",
    ])
      expect([host, (await see("/inspect", { headers: { host } })).status]).toEqual([host, 200]);
  });

  it.each(["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"])(
    "what came through a proxy (%s) is refused, except under a name of INSPECTOR_HOSTS",
    async (header) => {
      expect((await see("/inspect", { headers: { [header]: "203.0.113.9" } })).status).toBe(403);
      const named = { [header]: "203.0.113.9", host: "box.example" };
      expect((await see("/inspect", { headers: named })).status).toBe(200);
    },
  );

  it("another machine is refused where no name lets it in", async () => {
    const { Access } = await import("#local-trigger/inspector/access.ts");
    const access = new Access({ secretKey: trigger.key, hosts: ["box.example"] });
    const from = (remoteAddress: string | undefined, host = "localhost:3030") =>
      access.refusal({ headers: { host }, socket: { remoteAddress } } as never) === null;
    expect(["127.0.0.1", "127.4.5.6", "::1", "::ffff:127.0.0.1"].map((ip) => from(ip))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(
      ["192.168.1.7", "::ffff:10.0.0.1", "2001:db8::1", "1270.0.0.1", undefined].map((ip) => from(ip)),
    ).toEqual(Array(5).fill(false));
    expect(from("192.168.1.7", "box.example")).toBe(true);
  });

  it("a form of another site, of another port, or of another sign-in changes nothing", async () => {
    const { body } = await client.createSession();
    const address = `/inspect/runs/${body.runId}/cancel`;
    const token = tokenIn((await see("/inspect")).text);
    for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", "x y"])
      expect((await see(address, { form: { token }, headers: { origin } })).status).toBe(403);
    expect(
      (await see(address, { form: { token }, headers: { "sec-fetch-site": "cross-site" } })).status,
    ).toBe(403);
    for (const wrong of [
      "",
      "x",
      tokenIn((await see("/inspect", { headers: { cookie: await signIn() } })).text),
    ])
      expect((await see(address, { form: { token: wrong } })).status).toBe(403);
    expect((await see(address)).status).toBe(405);
    expect(await stateOf(body.runId)).toBe("QUEUED");
    const origin = new URL(trigger.url).origin;
    expect((await see(address, { form: { token }, headers: { origin } })).status).toBe(303);
    expect(await stateOf(body.runId)).toBe("CANCELED");
  });
});

describe("pages", () => {
  it("load nothing from elsewhere, run only their own script, are not stored, not framed", async () => {
    const { headers, text } = await see("/inspect");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect((await see("/inspect/unknown")).status).toBe(404);
    expect((await see("/inspect/runs/run_unknown")).status).toBe(404);
    expect((await see("/inspect/stream?name=none")).status).toBe(404);
  });

  it("show what people and tasks wrote as text, never as markup, and a message only when asked for", async () => {
    const evil = `<script>alert("x")</script><img src=x onerror='y'>`;
    const { chatId, body } = await client.createSession({ tags: [evil] });
    await client.append(chatId, userMessage(chatId, evil));
    writeFileSync(path.join(logs, `${body.runId}.log`), `${evil}\n`);
    await client.call("PUT", `/api/v1/runs/${body.runId}/metadata`, { body: { metadata: { said: evil } } });
    const session = await see(`/inspect/sessions/${chatId}`);
    const stream = `/inspect/stream?name=${encodeURIComponent(`sessions/${chatId}/in`)}`;
    const folded = await see(stream);
    const open = await see(`${stream}&show=0`);
    const run = await see(`/inspect/runs/${body.runId}`);
    const find = await see(`/inspect/sessions?find=${encodeURIComponent(evil)}`);
    for (const { status, text } of [session, folded, open, run, find]) {
      expect(status).toBe(200);
      expect(text.match(/<script/g)).toHaveLength(1);
      expect(text).not.toContain("<img");
    }
    expect(open.text).toContain("alert(");
    expect(run.text).toContain("&#60;script&#62;alert(&#34;x&#34;)");
    // The tag is the session's own, so the page names it once; the message's words are not in it.
    expect(session.text.match(/alert\(/g)).toHaveLength(1);
    expect(folded.text).not.toContain("alert(");
    expect(folded.text).toContain("show=0");
  });

  it("page through runs, sessions and records, and end where they end", async () => {
    const { chatId, body } = await client.createSession();
    for (let n = 0; n < 70; n += 1) await client.append(chatId, "x", { path: "channels/c/in" });
    for (let n = 0; n < 35; n += 1) await client.createSession();
    const name = encodeURIComponent(`sessions/${chatId}/channels/c/in`);
    expect(await walk(`/inspect/stream?name=${name}`, "Before", /id="record-(\d+)"/g)).toHaveLength(70);
    expect(new Set(await walk("/inspect/runs", "Older", /runs\/(run_\w+)"/g))).toContain(body.runId);
    expect(new Set(await walk("/inspect/sessions", "Older", /sessions\/(session_\w+)"/g))).toContain(body.id);
    const found = await see(`/inspect/sessions?find=${chatId}&state=open`);
    expect([...found.text.matchAll(/sessions\/(session_\w+)"/g)].map((match) => match[1])).toEqual([body.id]);
    const none = await see(`/inspect/sessions?find=${chatId}&state=closed`);
    expect(none.text).toContain("No session is like that.");
  });
});

describe("why a chat waits", () => {
  const why = async (chatId: string) => {
    const { text } = await see(`/inspect/sessions/${chatId}`);
    const sentence = /<p>\s*<span class="why[^"]*"\s*>([\s\S]*?)<\/span\s*>/.exec(text)?.[1] ?? "";
    return sentence
      .replace(/<[^>]+>/g, "")
      .replace(/\s+/g, " ")
      .trim();
  };

  it("is said at every step, from no worker to an answered message and a crash", async () => {
    const server = await localUnderTest();
    const before = [trigger, client, cookie] as const;
    [trigger, client] = [server, triggerClient(server)];
    cookie = await signIn();
    try {
      const { chatId } = await client.createSession();
      expect(await why(chatId)).toMatch(/^Queued: no worker is connected/);
      await client.append(chatId, userMessage(chatId, "hello"));
      expect(await why(chatId)).toMatch(/^1 message waits\. Queued: no worker is connected/);
      const worker = await fakeWorker(client);
      const attempt = await worker.take();
      expect(await why(chatId)).toMatch(/^A run has the message and has written nothing yet/);
      const out = (body: string, headers: [string, string][] = []) =>
        server.local.query(
          "select * from local_trigger.append_records($1, $2::text[], $3::jsonb[], '{null}', null, 0)",
          [`sessions/${chatId}/out`, [body], [JSON.stringify(headers)]],
        );
      await out('{"data":{"type":"start"},"id":"a"}');
      expect(await why(chatId)).toMatch(/^Answers\./);
      await out("", [
        ["trigger-control", "turn-complete"],
        ["session-in-event-id", "0"],
      ]);
      expect(await why(chatId)).toMatch(/^Waits for a message, with its process still warm/);
      await client.call("POST", `/api/v1/runs/${attempt.runId}/session-streams/wait`, {
        body: { session: chatId, io: "in", lastSeqNum: 0 },
      });
      await worker.crash(attempt);
      expect(await why(chatId)).toMatch(/^Idle: everything is answered/);
      const run = await see(`/inspect/runs/${attempt.runId}`);
      expect(run.text).toContain("CRASHED");
      expect(run.text).toContain("TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE");
      await client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: { reason: "enough" } });
      expect(await why(chatId)).toMatch(/^Closed \(enough\)/);
    } finally {
      [trigger, client, cookie] = before;
      await server.stop();
    }
  });
});

describe("live", () => {
  it("a page is told of changes of what it shows, at once and of nothing else", async () => {
    const [mine, other] = [await client.createSession(), await client.createSession()];
    const told = await listen(`/inspect/live?session=${mine.body.id}`);
    await client.append(other.chatId, userMessage(other.chatId, "elsewhere"));
    await client.append(mine.chatId, userMessage(mine.chatId, "here"));
    await eventually(() => told.count() === 1, { what: () => `told ${told.count()} times`, ms: 5_000 });
    await client.call("POST", `/api/v2/runs/${mine.body.runId}/cancel`);
    await eventually(() => told.count() >= 2, { what: () => `told ${told.count()} times`, ms: 5_000 });
    expect(told.text()).not.toContain("here");
    told.stop();
  });

  it("the stream ends with the sign-in", async () => {
    const [name] = cookie.split("=");
    const expires = Math.floor(Date.now() / 1000) + 2;
    const short = `${name}=n.${expires}.${sign(trigger.key, "inspector", ["n"], expires)}`;
    const told = await listen("/inspect/live", short);
    await eventually(() => told.ended(), { what: () => "the stream is still open", ms: 6_000 });
    expect(Date.now()).toBeGreaterThanOrEqual(expires * 1000 - 50);
  });
});

it("no key and no cookie is in the log, and no sign-in goes unnoticed", () => {
  const log = trigger.local.logged.join("\n");
  expect(log).toContain('"inspector.signed_in"');
  expect(log).toContain('"inspector.denied"');
  const value = cookie.split("=")[1] ?? "none";
  for (const secret of [
    trigger.key,
    value,
    createHmac("sha256", trigger.key).update("inspector cookie").digest("hex"),
  ])
    expect(log).not.toContain(secret);
});

function tokenIn(text: string): string {
  return /name="token" value="([^"]+)"/.exec(text)?.[1] ?? "";
}

async function stateOf(runId: string): Promise<unknown> {
  return (await client.call("GET", `/api/v3/runs/${runId}`)).body.status;
}

/** What `pattern` finds on a page and on all that its link `label` leads to. */
async function walk(address: string, label: string, pattern: RegExp): Promise<string[]> {
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
async function listen(address: string, as = cookie) {
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
