import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { search } from "./search.ts";

let answer: (response: ServerResponse) => void = (response) => response.end();
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  answer(response);
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  process.env.DATABASE_URL ??= "postgres://unused";
  process.env.SESSION_SECRET ??= "0123456789abcdef";
  process.env.SEARCH_BASE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/searx`;
});
afterAll(() => server.close());

test("a search asks for JSON below the base address, and gives the best few pages", async () => {
  const results = Array.from({ length: 9 }, (_, at) => ({ url: `https://${at}.example/`, title: `T${at}` }));
  answer = (response) => response.end(JSON.stringify({ query: "q", results }));
  const hits = await search("old bridges & more", AbortSignal.timeout(5_000));
  expect(asked.at(-1)).toBe("/searx/search?q=old+bridges+%26+more&format=json");
  expect(hits).toHaveLength(6);
  expect(hits[0]).toEqual({ url: "https://0.example/", title: "T0" });
});

test("a search engine that refuses, or says something else, is an error and no result", async () => {
  answer = (response) => response.writeHead(403).end();
  await expect(search("q", AbortSignal.timeout(5_000))).rejects.toThrow("status 403");
  answer = (response) => response.end("<html></html>");
  await expect(search("q", AbortSignal.timeout(5_000))).rejects.toThrow();
});
