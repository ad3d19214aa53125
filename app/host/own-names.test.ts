import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, expect, test } from "vitest";
import { ownNames } from "./own-names.ts";
import { trustProxies } from "./trust-proxies.ts";

let server: Server | undefined;

afterEach(() => void server?.close());

const ALONE = { HOST: "127.0.0.1", TRUSTED_PROXIES: [] as string[] };

/** Node's own client: unlike fetch it sends any Host. */
async function ask(
  settings: Parameters<typeof ownNames>[0],
  headers: Record<string, string>,
  path = "/login",
): Promise<[number, string]> {
  const app = express();
  trustProxies(app, [...settings.TRUSTED_PROXIES]);
  app.use(ownNames(settings), (_req, res) => void res.send("reached"));
  server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: "127.0.0.1", port, path, headers, agent: false }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      res.on("end", () => resolve([res.statusCode ?? 0, text]));
    });
    call.on("error", reject).end();
  });
}

test.each(["evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example:3000", "1.evil.example"])(
  "a machine that serves itself alone refuses the name %s, and names what opens it",
  async (Host) => {
    const [status, body] = await ask(ALONE, { Host });
    expect(status).toBe(421);
    expect(body).toContain("set PUBLIC_URL");
  },
);

test("a script of a page under a foreign name gets no further by a proxy's header", async () => {
  const headers = { Host: "evil.example:3000", "X-Forwarded-Host": "localhost:3000" };
  expect((await ask(ALONE, headers))[0]).toBe(421);
});

test.each(["localhost:3000", "LOCALHOST", "127.0.0.1:3000", "127.0.0.2", "[::1]:3000", "192.168.7.4:3000"])(
  "%s is an own name",
  async (Host) => expect(await ask(ALONE, { Host })).toEqual([200, "reached"]),
);

test("the host of PUBLIC_URL is an own name, also by the word of a proxy on this machine", async () => {
  const settings = { ...ALONE, PUBLIC_URL: "https://Chat.example.org/" };
  const proxied = { Host: "127.0.0.1:3000", "X-Forwarded-Host": "chat.example.org" };
  expect((await ask(settings, { Host: "chat.example.org" }))[0]).toBe(200);
  expect((await ask(settings, proxied))[0]).toBe(200);
  expect((await ask(ALONE, proxied))[0]).toBe(421);
  expect((await ask(settings, { Host: "evil.example" }))[0]).toBe(421);
});

test("a probe may ask by any name, and so may everybody where others are served too", async () => {
  expect((await ask(ALONE, { Host: "web:3000" }, "/healthz"))[0]).toBe(200);
  for (const open of [
    { ...ALONE, HOST: "0.0.0.0" },
    { ...ALONE, TRUSTED_PROXIES: ["10.0.0.5"] },
  ]) {
    expect((await ask(open, { Host: "nas.local:3000" }))[0]).toBe(200);
  }
});
