import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { HeadStartTicket } from "#app/models/head-start-ticket.server.ts";
import { openDoor } from "#app/server/head-start-door.server.ts";
import { HeldRequests } from "#app/server/held-requests.server.ts";
import { fingerprintOf } from "#trigger/head-start/model-request.ts";
import { takingOver } from "./take-over.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A model server that says how often it was asked, and breaks off where the question says so. */
async function modelServer() {
  const asked: string[] = [];
  const port = await serve(async (request, response) => {
    let body = "";
    for await (const piece of request) body += String(piece);
    asked.push(body);
    response.writeHead(body === "refuse" ? 401 : 200, { "content-type": "text/event-stream" });
    response.write(`answer ${asked.length}`);
    if (body === "break") setTimeout(() => response.destroy(), 20);
    else if (body !== "hang") response.end();
  });
  return { asked, url: `http://127.0.0.1:${port}/v1` };
}

async function askedAhead(body: string) {
  const model = await modelServer();
  const requests = new HeldRequests();
  const door = await openDoor(requests, (id) => `proof of ${id}`);
  const request = { url: model.url, init: { method: "POST", body } };
  let billed = 0;
  const bill = async () => void (billed += 1);
  requests.hold("one", "ada", Promise.resolve({ ...request, fingerprint: fingerprintOf(request), bill }));
  const ticket = { port: door.port, id: "one", proof: "proof of one" };
  return { ...model, requests, ticket, billed: () => billed };
}

function follow(ticket: HeadStartTicket) {
  const seen = { taken: 0, lost: [] as string[] };
  const ask = takingOver(ticket, {
    onTaken: () => void (seen.taken += 1),
    onLost: (request) => {
      seen.lost.push(request);
      return Promise.reject(new Error("lost"));
    },
  });
  return { seen, ask: (url: string, body: string) => ask(url, { method: "POST", body }) };
}

test("the same request is answered by the one that was sent ahead, and only the first", async () => {
  const { url, asked, ticket, billed } = await askedAhead("hello");
  const { seen, ask } = follow(ticket);
  expect(await (await ask(url, "hello")).text()).toBe("answer 1");
  expect(asked).toEqual(["hello"]);
  expect(await (await ask(url, "hello")).text()).toBe("answer 2");
  expect(seen).toEqual({ taken: 1, lost: [] });
  expect(billed(), "the run pays").toBe(0);
});

test("a refusal of the model server is passed on as it is", async () => {
  const { url, asked, ticket } = await askedAhead("refuse");
  expect((await follow(ticket).ask(url, "refuse")).status).toBe(401);
  expect(asked).toHaveLength(1);
});

test("another request is made by the run itself, and the one that was sent ahead is billed", async () => {
  const { url, asked, ticket, billed } = await askedAhead("hello");
  const { seen, ask } = follow(ticket);
  await expect.poll(() => asked).toEqual(["hello"]);
  expect(await (await ask(url, "good evening")).text()).toBe("answer 2");
  expect(asked).toEqual(["hello", "good evening"]);
  expect(seen.taken).toBe(0);
  expect(billed()).toBe(1);
});

test("where nobody waits, or somebody else does, the run asks for itself", async () => {
  const { url, ticket } = await askedAhead("hello");
  const head = JSON.stringify({ status: 200, statusText: "OK", headers: {}, agoMs: 1 });
  const stranger = await serve((_request, response) => void response.writeHead(200).end(`${head}\nlies`));
  for (const port of [stranger, 1]) {
    const { seen, ask } = follow({ ...ticket, port });
    expect(await (await ask(url, "hello")).text()).toMatch(/^answer/);
    expect(seen.taken).toBe(0);
  }
});

test("a model server that breaks off is told apart from a web server that dies", async () => {
  const broken = await askedAhead("break");
  const first = follow(broken.ticket);
  await expect((await first.ask(broken.url, "break")).text()).rejects.toThrow("terminated");
  expect(first.seen.lost).toEqual([]);

  const { ticket, url } = await askedAhead("hang");
  const dying = await serve(async (request, response) => {
    const headers = { "x-fingerprint": String(request.headers["x-fingerprint"]) };
    const answer = await fetch(`http://127.0.0.1:${ticket.port}${request.url}`, { method: "POST", headers });
    response.writeHead(200, { "x-proof": ticket.proof });
    for await (const piece of answer.body ?? []) {
      response.write(piece);
      if (Buffer.from(piece).includes("answer")) setTimeout(() => response.destroy(), 20);
    }
  });
  const second = follow({ ...ticket, port: dying });
  await expect((await second.ask(url, "hang")).text()).rejects.toThrow();
  expect(second.seen).toEqual({ taken: 1, lost: ["hang"] });
});

test("one person has one at a time, and one that nobody comes for is ended and billed", async () => {
  const { requests, billed, ticket, url, asked } = await askedAhead("hang");
  expect(requests.hasRoomFor("ada")).toBe(false);
  expect(requests.hasRoomFor("bob")).toBe(true);
  await requests.drop("one");
  expect(billed()).toBe(1);
  expect(requests.hasRoomFor("ada")).toBe(true);
  const { seen, ask } = follow(ticket);
  await (await ask(url, "hello")).text();
  expect(seen.taken).toBe(0);
  expect(asked.at(-1)).toBe("hello");
});
