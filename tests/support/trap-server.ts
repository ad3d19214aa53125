import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that nothing should ever ask: it notes every connection and every request. */
export interface TrapServer {
  url: string;
  host: string;
  /** What was asked, with what it told about where it came from. */
  hits: { path: string; referer: string | undefined; cookie: string | undefined }[];
  /** Connections, also those that asked nothing. */
  connections: number;
  stop(): Promise<void>;
}

/** `page` is what every request is answered with. */
export async function startTrapServer(
  page = (): string => "<!doctype html><title>Trap</title>",
): Promise<TrapServer> {
  const server = createServer((req, res) => {
    const { referer, cookie } = req.headers;
    trap.hits.push({ path: req.url ?? "", referer, cookie });
    res.writeHead(200, { "content-type": "text/html", "access-control-allow-origin": "*" }).end(page());
  });
  server.on("connection", () => (trap.connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Another site than the application's, as every other host is.
  const host = `trap.localhost:${(server.address() as AddressInfo).port}`;
  const trap: TrapServer = {
    url: `http://${host}`,
    host,
    hits: [],
    connections: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return trap;
}
