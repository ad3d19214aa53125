import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AnswerTooLong, boundedFetch } from "./bounded-fetch.ts";

const MOST = 1000;
let server: Server;
let url = "";

/** Answers with the pieces that the address names, each as so many letters, or as a line's end for 0. */
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const asked = new URL(request.url ?? "", "http://localhost");
    response.writeHead(200, { "content-type": asked.searchParams.get("type") ?? "" });
    for (const size of (asked.searchParams.get("pieces") ?? "").split(",").map(Number)) {
      response.write(size === 0 ? "\n" : "x".repeat(size));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => void server.close());

async function read(type: string, ...pieces: number[]): Promise<number> {
  const response = await boundedFetch(`${url}?type=${type}&pieces=${pieces.join(",")}`, undefined, {
    maxBytes: MOST,
  });
  expect(response.headers.get("content-type")).toBe(type);
  return (await response.text()).length;
}

test("an event stream may be as long as it likes, as long as its lines are not", async () => {
  expect(await read("text/event-stream", 900, 0, 600, 400, 0, 1000, 0)).toBe(2903);
});

test("a line that has no end is not read on", async () => {
  await expect(read("text/event-stream", 10, 0, 600, 401, 10)).rejects.toThrow(AnswerTooLong);
  await expect(read("text/event-stream", 1001, 0)).rejects.toThrow(AnswerTooLong);
});

test("what is no event stream is counted as a whole", async () => {
  expect(await read("application/json", 400, 0, 599)).toBe(1000);
  await expect(read("application/json", 400, 0, 600)).rejects.toThrow(AnswerTooLong);
});
