import net from "node:net";
import type { BenchServer } from "./relay.ts";

/** Once in every record on the wire, and nowhere else: inside a body its quotes would be escaped. */
const MARK = Buffer.from('"body":"');

/** A reader of server-sent events that only counts records: 500 of them must cost less than what they measure. */
export class RawReader {
  readonly socket: net.Socket;
  records = 0;
  private readonly onRecords: (count: number, at: number) => void;
  private rest: Buffer = Buffer.alloc(0);
  private waiting: { until: number; resolve: () => void; reject: (error: Error) => void } | null = null;
  private closed = false;

  private constructor(socket: net.Socket, onRecords: (count: number, at: number) => void) {
    this.socket = socket;
    this.onRecords = onRecords;
    socket.on("data", (bytes) => this.take(bytes));
    socket.on("error", () => {});
    socket.once("close", () => {
      this.closed = true;
      this.waiting?.reject(new Error(`a reader was cut off after ${this.records} records`));
    });
  }

  /** Resolves once the server has answered the request. */
  static async open(
    server: BenchServer,
    path: string,
    onRecords: (count: number, at: number) => void = () => {},
  ): Promise<RawReader> {
    const socket = net.connect({ port: server.port, host: "127.0.0.1" });
    const reader = new RawReader(socket, onRecords);
    const answered = new Promise<Buffer>((resolve, reject) => {
      socket.once("data", resolve).once("close", () => reject(new Error("no answer to a reader")));
    });
    const headers = ["host: 127.0.0.1", `authorization: Bearer ${server.key}`, "timeout-seconds: 600"];
    socket.write(`GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    const answer = (await answered).toString("latin1");
    if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`a reader was answered ${answer.slice(0, 200)}`);
    return reader;
  }

  /** Resolves when so many records were here. */
  until(records: number): Promise<void> {
    if (this.records >= records) return Promise.resolve();
    if (this.closed) return Promise.reject(new Error("a reader was cut off"));
    return new Promise((resolve, reject) => (this.waiting = { until: records, resolve, reject }));
  }

  close(): void {
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    let count = 0;
    let at = all.indexOf(MARK);
    let end = 0;
    for (; at >= 0; at = all.indexOf(MARK, end)) {
      count += 1;
      end = at + MARK.length;
    }
    // A mark may be cut by the network.
    this.rest = all.subarray(Math.max(end, all.length - MARK.length + 1));
    if (count === 0) return;
    this.records += count;
    this.onRecords(count, performance.now());
    if (this.waiting && this.records >= this.waiting.until) {
      const { resolve } = this.waiting;
      this.waiting = null;
      resolve();
    }
  }
}

/** Where a session's `.out` is read. */
export const outPath = (sessionId: string): string => `/realtime/v1/sessions/${sessionId}/out`;
