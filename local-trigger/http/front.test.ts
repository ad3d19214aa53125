import { once } from "node:events";
import { createServer } from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { readBody } from "./body.ts";
import { Front } from "./front.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** Answers at once, and `/held` when it is let go. */
async function front(): Promise<{ port: number; release: () => void }> {
  let release = () => {};
  const server = new Front(
    (req, res) => {
      if (req.url === "/held") release = () => res.end("held");
      else res.end("answered");
    },
    { firstBytesMs: 400, headersMs: 400 },
  );
  cleanups.push(() => server.close(0));
  return { port: await server.listen(0, "127.0.0.1"), release: () => release() };
}

function connect(port: number): net.Socket {
  const socket = net.connect(port, "127.0.0.1");
  cleanups.push(() => socket.destroy());
  return socket.on("error", () => {});
}

/** Sends one byte after the other until the server has had enough. */
async function dribble(socket: net.Socket, text: string): Promise<void> {
  // Not `once` of node:events, which minds that a byte was sent into a closed connection.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const more = setInterval(() => socket.write(text), 50);
  await closed.finally(() => clearInterval(more));
}

it("headers that come byte by byte, or never, end the connection", async () => {
  const { port } = await front();
  const slow = connect(port);
  slow.write("GET / HTTP/1.1\r\nx-slow: ");
  await dribble(slow, "x");
  await once(connect(port), "close");
});

it("so do those of the second request", async () => {
  const { port } = await front();
  const socket = connect(port);
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(socket, "data");
  socket.write("GET / HTTP/1.1\r\nx-slow: ");
  await dribble(socket, "x");
});

it("a request that is being answered keeps its connection", async () => {
  const { port, release } = await front();
  const held = connect(port);
  held.write("GET /held HTTP/1.1\r\nhost: x\r\n\r\n");
  // Another one that is ended says that the time is over.
  for (let round = 0; round < 2; round++) {
    const late = connect(port);
    late.write("GET / HTTP/1.1\r\nx-slow: ");
    await dribble(late, "x");
  }
  release();
  const [bytes] = (await once(held, "data")) as [Buffer];
  expect(bytes.toString()).toContain("200 OK");
});

it("a body that does not come in time is answered 408", async () => {
  const server = createServer((req, res) => {
    readBody({ req }, { ms: 200 }).then(
      () => res.end(),
      (error: { status: number }) => res.writeHead(error.status).end(),
    );
  });
  cleanups.push(() => server.close());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const socket = connect((server.address() as AddressInfo).port);
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n");
  const more = setInterval(() => socket.write("x"), 20);
  const [bytes] = (await once(socket, "data").finally(() => clearInterval(more))) as [Buffer];
  expect(bytes.toString()).toContain("408");
});
