import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: Server;
let port: number;

beforeAll(async () => {
  process.env.DATABASE_URL ??= "postgresql://unused";
  process.env.SESSION_SECRET ??= "a secret of the tests, long enough";
  process.env.LOCAL_TRIGGER_PORT = "3999";
  delete process.env.TRIGGER_PUBLIC_URL;
  const { failed, limitedBody, noStore, sameOrigin, secured } = await import("./guards.ts");
  const app = express();
  app.set("trust proxy", "loopback");
  app.use(secured(false), sameOrigin, limitedBody, noStore);
  app.get("/fails", () => {
    throw new Error("a secret of the inside");
  });
  app.use((_req, res) => void res.send("reached"));
  app.use(failed);
  server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string };

/** Node's own client: unlike fetch it sends any header. */
function ask(
  method: string,
  headers: Record<string, string> = {},
  path = "/",
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: "127.0.0.1", port, method, path, headers }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      res.on("end", () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
    });
    call.on("error", reject);
    call.end(body);
  });
}

test.each(["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example", "", "x y"])(
  "a write with the Origin %j is refused before anything sees it",
  async (origin) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const answer = await ask(method, { Origin: origin });
      expect([method, answer.status, answer.body]).toEqual([
        method,
        403,
        "This request came from another site.\n",
      ]);
    }
  },
);

test("a write from one's own page passes, and so does one without an Origin", async () => {
  expect((await ask("POST", { Origin: `http://127.0.0.1:${port}` })).body).toBe("reached");
  expect((await ask("POST")).body).toBe("reached");
});

test("behind a proxy on this machine the forwarded host is the page's own, and https is seen", async () => {
  const proxy = { "X-Forwarded-Host": "chat.example", "X-Forwarded-Proto": "https" };
  expect((await ask("POST", { ...proxy, Origin: "https://chat.example" })).status).toBe(200);
  expect((await ask("POST", { ...proxy, Origin: `http://127.0.0.1:${port}` })).status).toBe(403);
  expect((await ask("GET", proxy)).headers["strict-transport-security"]).toMatch(/^max-age=/);
  expect((await ask("GET")).headers["strict-transport-security"]).toBeUndefined();
});

test("every answer has the policy, with a nonce of its own and no inline script", async () => {
  const policies = await Promise.all(
    [1, 2].map(async () => String((await ask("GET")).headers["content-security-policy"])),
  );
  expect(new Set(policies).size).toBe(2);
  expect(policies[0]).toMatch(/script-src 'self' 'nonce-[A-Za-z0-9+/=]{22,}';/);
  expect(policies[0]).not.toContain("unsafe");
  expect(policies[0]).toContain("frame-ancestors 'none'");
  expect(policies[0]).toContain("connect-src 'self' http://127.0.0.1:3999;");
});

test("the Trigger API that the policy allows is on the host under which the page was asked", async () => {
  const answer = await ask("GET", { Host: "192.168.7.4:3000" });
  expect(answer.headers["content-security-policy"]).toContain("connect-src 'self' http://192.168.7.4:3999;");
});

test.each(["a b", "x;script-src *", "evil.example/path", "@"])(
  "a Host header %j is refused",
  async (host) => {
    expect((await ask("GET", { Host: host })).status).toBe(400);
  },
);

test("a NUL in an address, which no database takes, is refused with a sentence", async () => {
  const { status, body } = await ask("GET", {}, "/chats/x?before=a%00b");
  expect([status, body]).toEqual([400, "An address cannot hold the character NUL.\n"]);
  expect((await ask("GET", {}, "/chats/x?before=%2500")).status).toBe(200);
});

test("answers are not stored, not sniffed, not framed, and tell other sites nothing", async () => {
  expect((await ask("GET")).headers).toMatchObject({
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
  });
});

test("a body larger than a message can be is refused, and one that hides its length too", async () => {
  expect((await ask("POST", { "Content-Length": "1048577" }, "/", "x".repeat(1_048_577))).status).toBe(413);
  expect((await ask("POST", { "Content-Length": "1048576" }, "/", "x".repeat(1_048_576))).status).toBe(200);
  expect((await ask("POST", { "Transfer-Encoding": "chunked" }, "/", "x")).status).toBe(411);
});

test("an error inside is told to nobody", async () => {
  const answer = await ask("GET", {}, "/fails");
  expect(answer.status).toBe(500);
  expect(answer.body).toMatch(/^Something went wrong\. The log has it as [0-9a-f]{12}\.\n$/);
});
