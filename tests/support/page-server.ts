import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Pages of a web that a test made up. */
export interface PageServer {
  /** `127.0.0.1:port`, for FETCH_ALLOWED_HOSTS. */
  host: string;
  /** The paths that were asked for, oldest first. */
  asked: string[];
  address(path: string): string;
  /** Puts a page there; a function gets the answer to write. */
  put(path: string, page: string | ((response: ServerResponse) => void)): void;
  /** Whoever asks for this path waits until the returned function is called. */
  hold(path: string): () => void;
  stop(): Promise<void>;
}

/** A small web on a free port of the loopback address; what nobody put there is 404. */
export async function startPageServer(): Promise<PageServer> {
  const asked: string[] = [];
  const pages = new Map<string, string | ((response: ServerResponse) => void)>();
  const holds = new Map<string, Promise<void>>();
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    asked.push(path);
    await holds.get(path);
    const page = pages.get(path);
    if (typeof page === "function") return page(response);
    response.writeHead(page === undefined ? 404 : 200, { "content-type": "text/html" }).end(page ?? "");
  };
  const server = createServer((request, response) => void answer(request.url ?? "", response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    asked,
    address: (path) => `http://${host}${path}`,
    put: (path, page) => void pages.set(path, page),
    hold(path) {
      let letGo = (): void => undefined;
      holds.set(path, new Promise((resolve) => (letGo = resolve)));
      return () => letGo();
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
