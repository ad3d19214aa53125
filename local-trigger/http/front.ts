import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo, type Socket } from "node:net";

export type RequestHandler = (req: http.IncomingMessage, res: http.ServerResponse) => void;

const http2Preface = "PRI";
const firstBytesMs = 30_000;
/** From one answer to the next request, or from the first bytes to the end of its headers. Beyond what idle clients keep. */
const headersMs = 90_000;
const sweepMs = 50;

type Waiting = { requests: number; since: number };

/**
 * One TCP port for HTTP/1.1, its WebSocket upgrades, and HTTP/2 in clear text with prior knowledge: run processes open an
 * HTTP/2 session to the very origin that they also call over HTTP/1.1.
 */
export class Front {
  /** The HTTP/1.1 server, for what attaches to it (WebSockets). It does not listen itself. */
  readonly http1: http.Server;
  private readonly http2: http2.Http2Server;
  private readonly tcp: net.Server;
  /** Every open connection, with the number of requests that keep it open, and since when there is none. */
  private readonly sockets = new Map<Socket, Waiting>();
  private readonly watch: NodeJS.Timeout;
  private readonly sessions = new Set<http2.ServerHttp2Session>();

  constructor(
    handler: RequestHandler,
    private readonly deadlines = { firstBytesMs, headersMs },
  ) {
    this.http1 = http.createServer((req, res) => {
      this.count(req.socket, 1);
      res.once("close", () => this.count(req.socket, -1));
      handler(req, res);
    });
    this.http1.on("upgrade", (_req, socket) => this.count(socket as Socket, 1));
    // Long polls and streams are held for minutes; the limits of a public server would cut them.
    this.http1.requestTimeout = 0;
    this.http1.keepAliveTimeout = 65_000;
    // The compatibility API of node:http2 has every method that our routes use.
    this.http2 = http2.createServer(
      handler as unknown as (req: http2.Http2ServerRequest, res: http2.Http2ServerResponse) => void,
    );
    this.http2.on("sessionError", () => {});
    this.http2.on("session", (session) => {
      this.sessions.add(session);
      session.once("close", () => this.sessions.delete(session));
    });
    this.tcp = net.createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.watch = setInterval(() => this.closeLate(), Math.min(5000, deadlines.headersMs / 2));
  }

  /** The port that was taken. Throws the system's error when it is not free. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.tcp.once("error", reject);
      this.tcp.listen(port, host, resolve);
    });
    return (this.tcp.address() as AddressInfo).port;
  }

  /** Takes no new connection, gives running requests `graceMs` to end, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.tcp.close(() => resolve()));
    for (const session of this.sessions) session.close();
    this.closeIdle();
    const sweep = setInterval(() => this.closeIdle(), sweepMs);
    const cut = setTimeout(() => {
      for (const socket of this.sockets.keys()) socket.destroy();
    }, graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
    clearInterval(this.watch);
  }

  // http.Server would do this itself if it listened; it tracks its connections only then.
  private closeIdle(): void {
    for (const [socket, { requests }] of this.sockets) if (requests === 0) socket.destroy();
  }

  /** Ends connections whose next request does not come, or comes byte by byte. */
  private closeLate(): void {
    const late = performance.now() - this.deadlines.headersMs;
    for (const [socket, { requests, since }] of this.sockets)
      if (requests === 0 && since < late) socket.destroy();
  }

  private count(socket: Socket, change: number): void {
    const known = this.sockets.get(socket);
    if (known) this.sockets.set(socket, { requests: known.requests + change, since: performance.now() });
  }

  private accept(socket: Socket): void {
    this.sockets.set(socket, { requests: 0, since: performance.now() });
    socket.on("error", () => {});
    socket.once("close", () => this.sockets.delete(socket));
    // Until the first bytes tell which server it belongs to, no server watches over the connection.
    socket.setTimeout(this.deadlines.firstBytesMs, () => socket.destroy());
    socket.once("readable", () => {
      socket.setTimeout(0).removeAllListeners("timeout");
      const first = socket.read() as Buffer | null;
      if (!first) return;
      const isHttp2 = first.subarray(0, http2Preface.length).toString() === http2Preface;
      // An HTTP/2 session knows itself when it is idle.
      if (isHttp2) this.count(socket, 1);
      socket.unshift(first);
      (isHttp2 ? this.http2 : this.http1).emit("connection", socket);
    });
  }
}
