import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { Events } from "./events.ts";

const first = "data: Grüße 🙂\n\n";
const last = "data: [DONE]\n\n";
const servers: (http.Server | http2.Http2Server)[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: http.Server | http2.Http2Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function answer(_: unknown, res: http.ServerResponse): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  res.flushHeaders();
  const events = new Events(res);
  events.write(Events.frame(first));
  events.end(last);
}

it("are whole for an HTTP/1.1 reader, whose connection serves the next request", async () => {
  const port = await listen(http.createServer(answer));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const get = () =>
    new Promise<http.IncomingMessage>((resolve) => http.get({ port, host: "127.0.0.1", agent }, resolve));
  const one = await get();
  expect(one.headers["transfer-encoding"]).toBe("chunked");
  const { localPort } = one.socket;
  expect(await text(one)).toBe(first + last);
  const two = await get();
  expect(two.socket.localPort).toBe(localPort);
  expect(await text(two)).toBe(first + last);
  agent.destroy();
});

it("are not chunked for an HTTP/1.0 reader: the end of the connection ends them", async () => {
  const socket = net.connect(await listen(http.createServer(answer)), "127.0.0.1");
  socket.write("GET / HTTP/1.0\r\n\r\n");
  const [head, body] = (await text(socket)).split("\r\n\r\n");
  expect(head).not.toMatch(/transfer-encoding/i);
  expect(body).toBe(first + last);
});

it("are plain text for an HTTP/2 reader", async () => {
  const server = http2.createServer((req, res) => answer(req, res as unknown as http.ServerResponse));
  const client = http2.connect(`http://127.0.0.1:${await listen(server)}`);
  expect(await text(client.request({ ":path": "/" }))).toBe(first + last);
  client.close();
});
