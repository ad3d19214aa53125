import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { StreamRecord, StreamStore } from "../streams/stream-store.ts";
import { sendRecords } from "./records-answer.ts";
import type { RequestContext } from "./router.ts";

let server: http.Server | undefined;
afterEach(() => server?.close());

const RECORDS = 400;
const BODY = "x".repeat(128 * 1024);

/** Serves a stream of 50 MB, two records a page; what comes after its first look grows it. */
async function serve(fails: (from: number) => boolean = () => false) {
  const seen = { pages: 0 };
  const streams = {
    page: (_: string, { from, limit, maxBytes }: { from: number; limit?: number; maxBytes?: number }) => {
      seen.pages++;
      if (fails(from)) return Promise.reject(new Error("the database is away"));
      if (!limit || !maxBytes) return Promise.reject(new Error("a page without a bound"));
      const grown = RECORDS + seen.pages;
      const records = [from, from + 1]
        .filter((seqNum) => seqNum < grown)
        .map((seqNum): StreamRecord => ({ seqNum, timestamp: 1, body: BODY, headers: [] }));
      return Promise.resolve({ records, bounds: { first: 0, next: grown, timestamp: 1 } });
    },
  } as Pick<StreamStore, "page"> as StreamStore;
  const shown = ({ seqNum, body }: StreamRecord) => (seqNum % 10 === 9 ? undefined : { seqNum, body });
  server = http.createServer((req, res) => {
    const c = { req, res } as Partial<RequestContext> as RequestContext;
    sendRecords(c, { streams, stream: "s", from: 1, shown }).catch(() => undefined);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

it("the answer is whole: every record that was there when it began, in order, each once", async () => {
  const { url } = await serve();
  const { records } = (await (await fetch(url)).json()) as { records: { seqNum: number }[] };
  const wanted = Array.from({ length: RECORDS + 1 }, (_, seqNum) => seqNum);
  expect(records.map(({ seqNum }) => seqNum)).toEqual(wanted.filter((n) => n > 0 && n % 10 !== 9));
});

it("a reader that does not read is not read ahead for, and gets it all once it does", async () => {
  const { seen, url } = await serve();
  const answer = await new Promise<http.IncomingMessage>((resolve) => http.get(url, resolve));
  answer.pause();
  await sleep(300);
  const stalled = seen.pages;
  await sleep(300);
  expect(seen.pages).toBe(stalled);
  expect(stalled, "of 200 pages").toBeLessThan(100);
  let text = "";
  answer
    .setEncoding("utf8")
    .on("data", (piece: string) => (text += piece))
    .resume();
  await new Promise((resolve) => answer.once("end", resolve));
  expect((JSON.parse(text) as { records: unknown[] }).records.length).toBe(360);
});

it("an answer that breaks off in its middle does not end as one that is whole", async () => {
  const { url } = await serve((from) => from > 100);
  await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
});
