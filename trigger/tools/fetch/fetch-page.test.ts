import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchPage } from "#trigger/tools/fetch/fetch-page.ts";
import { isPublicAddress } from "#trigger/tools/fetch/public-address.ts";
import type { Resolve } from "#trigger/tools/fetch/request-once.ts";
import { isWrittenByPerson, type Said } from "#trigger/tools/fetch/written-by-person.ts";

const ARTICLE = `<!doctype html><html><head><title>On bridges</title><script>window.evil = 1</script></head><body>
<nav><a href="/home">Home</a></nav><article><h1>Bridges</h1><p>${"A bridge carries a road over water. ".repeat(12)}</p>
<p>See <a href="/arches">arches</a> and <img src="https://tracker.example/pixel" alt="a stone arch">.</p>
<ul><li>beam</li><li>arch</li></ul></article><script>fetch("/trap")</script></body></html>`;

let server: Server;
let port: number;
const asked: string[] = [];
const toServer: Resolve = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
/** An address of the server under a name that the operator has allowed. */
const page = (path: string): string => `http://page.test:${port}${path}`;
const read = (path: string, timeMs = 10_000) => fetchPage(page(path), { resolve: toServer, timeMs });

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const html = (body: string | Buffer, headers = {}) =>
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
    if (path === "/article") return html(ARTICLE);
    if (path === "/gzip") return html(gzipSync(ARTICLE), { "content-encoding": "gzip" });
    if (path === "/bomb")
      return html(brotliCompressSync(Buffer.alloc(60_000_000, "a")), { "content-encoding": "br" });
    if (path === "/json")
      return response.writeHead(200, { "content-type": "application/json" }).end('{"a":1}');
    if (path === "/latin") {
      return response
        .writeHead(200, { "content-type": "text/plain; charset=iso-8859-1" })
        .end(Buffer.from("caf\xe9", "latin1"));
    }
    if (path === "/pdf") return response.writeHead(200, { "content-type": "application/pdf" }).end("%PDF");
    if (path === "/missing") return response.writeHead(404, { "content-type": "text/html" }).end("no");
    if (path === "/slow") return void response.writeHead(200, { "content-type": "text/html" }).write("a");
    if (path === "/endless") {
      response.writeHead(200, { "content-type": "text/plain" });
      const more = (): void => {
        if (!response.destroyed) response.write("x".repeat(65_536), () => setImmediate(more));
      };
      return more();
    }
    const target = /^\/to\?(.*)$/.exec(path)?.[1];
    if (target !== undefined)
      return response.writeHead(302, { location: encodeURI(decodeURIComponent(target)) }).end();
    const left = Number(/^\/hops\/(\d+)$/.exec(path)?.[1] ?? "0");
    if (left > 0) return response.writeHead(302, { location: `/hops/${left - 1}` }).end();
    html("<p>the end</p>");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  ({ port } = server.address() as AddressInfo);
  process.env.DATABASE_URL ??= "postgres://unused";
  process.env.SESSION_SECRET ??= "a secret for this test";
  process.env.FETCH_ALLOWED_HOSTS = `page.test:${port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("a page", () => {
  it("becomes Markdown: its text, links in full, no scripts and no pictures", async () => {
    const found = await read("/article");
    expect(found).toMatchObject({ url: page("/article"), title: "On bridges", contentType: "text/html" });
    expect(found.text).toContain("A bridge carries a road over water.");
    expect(found.text).toContain(`[arches](${page("/arches")})`);
    expect(found.text).toContain("a stone arch");
    expect(found.text).not.toMatch(/evil|trap|tracker|<script/);
    expect(asked).not.toContain("/trap");
  });

  it("may be packed", async () => {
    expect((await read("/gzip")).text).toContain("A bridge carries");
  });

  it("of plain text or JSON is taken as it is, in its own charset", async () => {
    expect((await read("/json")).text).toBe('{"a":1}');
    expect((await read("/latin")).text).toBe("café");
  });

  it("is cut at its limit, however far it unpacks or goes on", async () => {
    for (const path of ["/bomb", "/endless"]) {
      const found = await read(path);
      expect(found.truncated).toBe(true);
      expect(found.text.length).toBeLessThanOrEqual(60_000);
    }
  });

  it("that does not come in time is given up with a word", async () => {
    await expect(read("/slow", 300)).rejects.toThrow("did not come within 0.3 s");
  });

  it.each([
    ["/pdf", /application\/pdf; only text and HTML/],
    ["/missing", /status 404/],
  ])("%s is refused with its reason", async (path, reason) => {
    await expect(read(path)).rejects.toThrow(reason);
  });

  it("is followed over five redirects, not six", async () => {
    expect((await read("/hops/5")).text).toBe("the end");
    await expect(read("/hops/6")).rejects.toThrow("more than 5 times");
  });

  it("is asked for at the address that was checked: its name is resolved once", async () => {
    let calls = 0;
    const rebinding: Resolve = () => {
      calls += 1;
      return Promise.resolve([{ address: calls === 1 ? "127.0.0.1" : "127.0.0.9", family: 4 }]);
    };
    expect((await fetchPage(page("/x"), { resolve: rebinding })).text).toBe("the end");
    expect(calls).toBe(1);
  });
});

/** S13: nothing of this may reach a server that is not public. */
describe("an address that is not public", () => {
  const PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "100::1",
    "5f00::1",
    "not an address",
    "127.0.0.1 ",
    "",
  ];

  it.each(PRIVATE)("%s counts as none", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"])(
    "while %s counts as one",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each(PRIVATE.slice(0, -3))("a name that leads to %s is refused before a connection", async (address) => {
    const family = address.includes(":") ? 6 : 4;
    const resolve: Resolve = () => Promise.resolve([{ address, family }]);
    await expect(fetchPage("http://innocent.test/", { resolve })).rejects.toThrow(
      "not on the public internet",
    );
  });

  it("is refused among public ones, too", async () => {
    const resolve: Resolve = () =>
      Promise.resolve([
        { address: "93.184.216.34", family: 4 },
        { address: "10.0.0.1", family: 4 },
      ]);
    await expect(fetchPage("http://mixed.test/", { resolve })).rejects.toThrow("not on the public internet");
  });

  it.each([
    "http://127.0.0.1/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://①②⑦.⓪.⓪.①/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://127.0.0.1:80@127.0.0.1/",
    "http://page.test@127.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1/",
    "data:text/html,hello",
    "javascript:alert(1)",
    "about:blank",
    "//127.0.0.1/",
    "/etc/passwd",
    "http://",
    "https://example.org:22/",
    "http://example.org:3030/",
  ])("%s is refused, directly and as the aim of a redirect, and nobody is asked", async (address) => {
    const before = asked.length;
    const refused = /not on the public|no host named|Only http|is not a web address|password|Only the ports/;
    await expect(fetchPage(address)).rejects.toThrow(refused);
    expect(asked.length).toBe(before);
    if (!URL.canParse(address)) return;
    await expect(read(`/to?${encodeURIComponent(address)}`)).rejects.toThrow(refused);
    expect(asked.length, "only the page that redirects").toBe(before + 1);
  });

  it("is not reached through the server's own port, which only its allowed name opens", async () => {
    const before = asked.length;
    await expect(fetchPage(`http://127.0.0.1:${port}/`)).rejects.toThrow("Only the ports");
    await expect(read(`/to?${encodeURIComponent(`http://127.0.0.1:${port}/secret`)}`)).rejects.toThrow(
      "Only the ports",
    );
    expect(asked.slice(before)).toEqual([`/to?${encodeURIComponent(`http://127.0.0.1:${port}/secret`)}`]);
  });
});

describe("an address counts as the person's own", () => {
  const says = (text: string, role: "user" | "assistant" = "user"): Said => [
    { role, parts: [{ type: "text", text }] },
  ];

  it.each([
    ["https://example.org/a", "Read https://example.org/a, please."],
    ["https://example.org/a?b=c", "(see https://example.org/a?b=c)"],
    ["https://EXAMPLE.org/a#part", "https://example.org/a"],
    ["https://example.org/", "https://example.org"],
  ])("%s, written as: %s", (address, text) => {
    expect(isWrittenByPerson(address, says(text))).toBe(true);
  });

  it.each([
    ["https://example.org/a?secret=1", "https://example.org/a"],
    ["https://example.org/a", "example.org/a"],
    ["https://example.org.evil.test/", "https://example.org"],
    ["no address", "no address"],
  ])("not %s, when what was written is: %s", (address, text) => {
    expect(isWrittenByPerson(address, says(text))).toBe(false);
  });

  it("not when a tool or the model has written it", () => {
    expect(isWrittenByPerson("https://evil.test/", says("https://evil.test/", "assistant"))).toBe(false);
  });
});
