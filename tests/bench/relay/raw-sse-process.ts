// The bare server that the relay is compared with: node:http, everything in memory, nothing checked or stored.
//   POST /               the body goes to every watcher as one event, whose frame is made once
//   GET /                watch
//   GET /?records=       so many records in ready-made frames, and the end
import http from "node:http";
import type { AddressInfo } from "node:net";
import { batchFrame, recordsOf, storedFrames } from "./sse-frames.ts";

const watchers = new Set<http.ServerResponse>();
const prepared = new Map<number, Buffer[]>();
let next = 0;

function publish(bodies: string[]): void {
  const event = batchFrame(recordsOf(bodies, next));
  next += bodies.length;
  for (const watcher of watchers) watcher.write(event);
}

function stored(count: number): Buffer[] {
  const known = prepared.get(count) ?? storedFrames(count);
  prepared.set(count, known);
  return known;
}

const server = http.createServer((req, res) => {
  if (req.method === "POST") {
    let text = "";
    req.setEncoding("utf8").on("data", (part: string) => (text += part));
    req.on("end", () => {
      publish(JSON.parse(text) as string[]);
      res.end("{}");
    });
    return;
  }
  res.writeHead(200, { "content-type": "text/event-stream", "x-stream-version": "v2" });
  res.flushHeaders();
  const count = Number(new URL(req.url ?? "/", "http://x").searchParams.get("records"));
  if (count > 0) {
    for (const part of stored(count)) res.write(part);
    return void res.end("data: [DONE]\n\n");
  }
  watchers.add(res);
  res.once("close", () => watchers.delete(res));
});
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit(0));
