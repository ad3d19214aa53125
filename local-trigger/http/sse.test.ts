import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createLog } from "../log.ts";
import type { StreamBounds, StreamRecord, StreamStore } from "../streams/stream-store.ts";
import type { RequestContext } from "./router.ts";
import { sendStream } from "./sse.ts";

let server: http.Server | undefined;
afterEach(() => server?.close());

/** Serves one stream whose pages are counted; every page has one record of 256 KB, for ever. */
async function serve(page: (from: number) => StreamRecord[] | Promise<StreamRecord[]>, expires?: number) {
  const seen = { pages: 0, watchers: 0, ended: 0, wake: () => {} };
  const bounds: StreamBounds = { first: 0, next: 1_000_000, timestamp: 1 };
  const streams = {
    page: async (_: string, { from }: { from: number }) => {
      seen.pages++;
      return { records: await page(from), bounds: { ...bounds } };
    },
    tail: () => null,
    watch: (_: string, wake: () => void) => {
      seen.watchers++;
      seen.wake = wake;
      return () => void seen.watchers--;
    },
  } as Pick<StreamStore, "page" | "tail" | "watch"> as StreamStore;
  server = http.createServer((req, res) => {
    const c = { req, res, log: createLog("error", () => {}) } as Partial<RequestContext> as RequestContext;
    void sendStream(c, { streams, stream: "s", from: 0, waitMs: 60_000, expires }).then(() => seen.ended++);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { seen, bounds, port: (server.address() as AddressInfo).port };
}

const large = (from: number): StreamRecord[] => [
  { seqNum: from, timestamp: 1, body: "x".repeat(256 * 1024), headers: [] },
];

async function connect(port: number): Promise<http.IncomingMessage> {
  return new Promise((resolve) => http.get({ port, host: "127.0.0.1" }, resolve));
}

describe("sending a stream", () => {
  it("stops reading the store while the client does not read, and goes on when it does", async () => {
    const { seen, port } = await serve(large);
    const response = await connect(port);
    response.pause();
    await expect.poll(() => seen.pages).toBeGreaterThan(0);
    await sleep(300);
    const stalled = seen.pages;
    await sleep(300);
    expect(seen.pages).toBe(stalled);
    expect(stalled).toBeLessThan(100);
    let bytes = 0;
    response.on("data", (chunk: Buffer) => (bytes += chunk.length)).resume();
    await expect.poll(() => bytes, { timeout: 5000 }).toBeGreaterThan((stalled + 5) * 256 * 1024);
    response.destroy();
  });

  it("sends a record that came while its reader stood still and the page before it was read already", async () => {
    const body = (seqNum: number) => "x".repeat(seqNum === 0 ? 32 * 1024 * 1024 : 1);
    const { seen, bounds, port } = await serve((seqNum) =>
      seqNum < bounds.next ? [{ seqNum, timestamp: 1, body: body(seqNum), headers: [] }] : [],
    );
    bounds.next = 2;
    const response = await connect(port);
    response.pause();
    await expect.poll(() => seen.pages).toBe(2);
    await sleep(50);
    bounds.next = 3;
    seen.wake();
    let end = "";
    response.on("data", (chunk: Buffer) => (end = (end + String(chunk)).slice(-2000))).resume();
    await expect.poll(() => end, { timeout: 5000 }).toContain('"seq_num":2,"timestamp":1,"body"');
    response.destroy();
  });

  it.each([
    ["comes without end", large],
    ["does not come", () => []],
  ])("ends when the token of its reader does, where more %s", async (_what, page) => {
    const { port } = await serve(page, Date.now() / 1000 + 1);
    let end = "";
    for await (const chunk of await connect(port)) end = (end + String(chunk)).slice(-100);
    expect(end).toContain("data: [DONE]");
  });

  it("lets go of the stream when a stalled client leaves", async () => {
    const { seen, port } = await serve(large);
    const response = await connect(port);
    response.pause();
    await expect.poll(() => seen.watchers).toBe(1);
    response.destroy();
    await expect.poll(() => seen.watchers).toBe(0);
    expect(seen.ended).toBe(1);
  });

  it("tells the client of a failed read and ends without [DONE]", async () => {
    const { port } = await serve(() => Promise.reject(new Error("secret words")));
    const response = await connect(port);
    let text = "";
    for await (const chunk of response) text += String(chunk);
    expect(text).toContain("event: error");
    expect(text).not.toContain("[DONE]");
    expect(text).not.toContain("secret words");
  });
});
