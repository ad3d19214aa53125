import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { ReaderLimit } from "./reader-limit.ts";
import type { RequestContext } from "./router.ts";

const servers: (http.Server | http2.Http2Server)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: http.Server | http2.Http2Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const context = (res: unknown) => ({ res, credential: { kind: "jwt" } }) as unknown as RequestContext;

/** Asks and leaves; the server enters only then, as one does that had to ask its database first. */
const WAYS: Record<string, (enter: (res: unknown) => void) => Promise<void>> = {
  "HTTP/1.1": async (enter) => {
    const server = http.createServer((_, res) => void res.once("close", () => setImmediate(enter, res)));
    const request = http.get({ port: await listen(server), host: "127.0.0.1" }).on("error", () => {});
    await once(server, "request");
    request.destroy();
  },
  "HTTP/2": async (enter) => {
    const server = http2.createServer((_, res) => void res.once("close", () => setImmediate(enter, res)));
    const client = http2.connect(`http://127.0.0.1:${await listen(server)}`);
    const request = client.request({ ":path": "/" }).on("error", () => {});
    await once(server, "request");
    request.close(http2.constants.NGHTTP2_CANCEL);
    await once(request, "close");
    client.close();
  },
};

it.each(Object.entries(WAYS))(
  "a reader that has left before it is counted takes no place: %s",
  async (_, ask) => {
    const limit = new ReaderLimit(1);
    let outcome: unknown;
    const entered = new Promise<void>((resolve) => {
      void ask((res) => {
        limit.enter(context(res), "chat");
        resolve();
      });
    });
    await entered;
    const server = http.createServer((_, res) => {
      try {
        limit.enter(context(res), "chat");
        outcome = "let in";
      } catch (error) {
        outcome = error;
      }
      res.end();
    });
    await (await fetch(`http://127.0.0.1:${await listen(server)}/`)).text();
    expect(outcome).toBe("let in");
  },
);
