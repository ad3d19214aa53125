import net from "node:net";

const END = Buffer.from("\r\n0\r\n\r\n");

/**
 * One kept HTTP/1.1 connection that sends ready-made bytes and looks at the status alone: the load must cost less than
 * what it measures. One request at a time; answers are chunked or have a content-length.
 */
export class RawConnection {
  private readonly socket: net.Socket;
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve: () => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => this.take(bytes));
    socket.on("error", (error) => this.waiting?.reject(error));
    socket.on("close", () => this.waiting?.reject(new Error("the server closed the connection")));
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawConnection(socket);
  }

  /** Resolves with a 2xx answer; rejects with any other. */
  send(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    this.received = this.received.length === 0 ? bytes : Buffer.concat([this.received, bytes]);
    if (!isComplete(this.received)) return;
    const answer = this.received;
    this.received = Buffer.alloc(0);
    const waiting = this.waiting;
    this.waiting = null;
    // "HTTP/1.1 2.."
    if (answer[9] === 50) waiting?.resolve();
    else waiting?.reject(new Error(`an answer of the bench was ${answer.toString("latin1").slice(0, 400)}`));
  }
}

function isComplete(answer: Buffer): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(answer.toString("latin1", 0, end))?.[1];
  return length === undefined
    ? answer.subarray(-END.length).equals(END)
    : answer.length >= end + 4 + Number(length);
}

/** The bytes of a POST. */
export function postRequest(path: string, headers: Record<string, string>, body: string): Buffer {
  const all = { host: "127.0.0.1", ...headers, "content-length": String(Buffer.byteLength(body)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}
