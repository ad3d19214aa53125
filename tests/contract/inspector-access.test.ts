import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sign } from "#local-trigger/wire/signatures.ts";
import { ask, client, cookie, pages, see, signIn, stateOf, tokenIn, trigger } from "../support/inspector.ts";
import { localUnderTest } from "../support/trigger-server.ts";

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
