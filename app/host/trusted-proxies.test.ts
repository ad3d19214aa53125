import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => void vi.resetModules());

async function parsed(value: string) {
  vi.resetModules();
  process.env.DATABASE_URL ??= "postgresql://unused";
  process.env.SESSION_SECRET ??= "a secret of the tests, long enough";
  process.env.TRUSTED_PROXIES = value;
  const { env } = await import("#app/env.server.ts");
  try {
    return env().TRUSTED_PROXIES;
  } finally {
    delete process.env.TRUSTED_PROXIES;
  }
}

test("proxies are addresses and networks", async () => {
  expect(await parsed("10.0.0.5, 172.18.0.0/16 fd00::/8")).toEqual(["10.0.0.5", "172.18.0.0/16", "fd00::/8"]);
  expect(await parsed("")).toEqual([]);
});

test.each(["proxy.example.org", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/x", "true"])(
  "%j is refused with a line that says how it has to be",
  async (value) => {
    await expect(parsed(value)).rejects.toThrow(/TRUSTED_PROXIES must be addresses or networks/);
  },
);

test("the address of whoever asks is a trusted proxy's word, and nobody else's", async () => {
  const { trustProxies } = await import("./trust-proxies.ts");
  const { default: express } = await import("express");
  const app = express();
  trustProxies(app, ["203.0.113.0/24"]);
  app.get("/", (req, res) => void res.send(req.ip));
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const seen = async (forwarded: string) =>
    (await fetch(url, { headers: { "X-Forwarded-For": forwarded } })).text();
  expect(await seen("198.51.100.7, 203.0.113.9"), "through the named proxy").toBe("198.51.100.7");
  expect(await seen("198.51.100.7, 192.0.2.1"), "what an unknown one says is not believed").toBe("192.0.2.1");
  server.close();
});
