import http2 from "node:http2";
import { bytesField } from "#local-trigger/wire/protobuf.ts";
import { frame, FrameReader } from "#local-trigger/wire/s2s-frames.ts";
import type { BenchServer } from "./relay.ts";

/** Writes to a session's `.out` as a run process does: an HTTP/2 connection of its own, and one long append session on it. */
export class S2Writer {
  /** How long the server wants tokens to be gathered before they are sent. */
  readonly flushIntervalMs: number;
  private readonly connection: http2.ClientHttp2Session;
  private readonly stream: http2.ClientHttp2Stream;
  private readonly waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private failure: Error | null = null;

  private constructor(
    connection: http2.ClientHttp2Session,
    stream: http2.ClientHttp2Stream,
    flushIntervalMs: number,
  ) {
    this.flushIntervalMs = flushIntervalMs;
    this.connection = connection;
    this.stream = stream;
    const frames = new FrameReader();
    stream.on("data", (bytes: Buffer) => {
      for (const { terminal, body } of frames.push(bytes)) {
        if (terminal) this.fail(new Error(`the append session ended: ${body.toString("utf8", 2)}`));
        else this.waiting.shift()?.resolve();
      }
    });
    for (const source of [connection, stream]) source.on("error", (error: Error) => this.fail(error));
    stream.on("close", () => this.fail(new Error("the append session was closed")));
  }

  static async open(server: BenchServer, sessionId: string): Promise<S2Writer> {
    const credentials = await fetch(`${server.url}/realtime/v1/sessions/${sessionId}/out`, {
      method: "PUT",
      headers: { authorization: `Bearer ${server.key}` },
    });
    if (credentials.status !== 202) throw new Error(`PUT .out answered ${credentials.status}`);
    const header = (name: string): string => credentials.headers.get(`x-s2-${name}`) ?? "";
    const connection = http2.connect(server.url);
    const stream = connection.request({
      ":method": "POST",
      ":path": `/v1/streams/${encodeURIComponent(header("stream-name"))}/records`,
      "content-type": "s2s/proto",
      authorization: `Bearer ${header("access-token")}`,
    });
    await new Promise((resolve, reject) => stream.once("response", resolve).once("error", reject));
    return new S2Writer(connection, stream, Number(header("flush-interval-ms")));
  }

  /** Resolves when the records are acknowledged. */
  append(bodies: string[]): Promise<void> {
    return this.appendEncoded(encodeAppend(bodies));
  }

  appendEncoded(bytes: Buffer): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.stream.write(bytes);
    });
  }

  close(): void {
    this.failure ??= new Error("this writer was closed");
    this.connection.destroy();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}

/** The frame of one append. */
export function encodeAppend(bodies: string[]): Buffer {
  return frame(Buffer.concat(bodies.map((body) => bytesField(1, bytesField(3, Buffer.from(body))))));
}
