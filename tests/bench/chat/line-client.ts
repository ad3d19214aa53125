import { randomUUID } from "node:crypto";
import type { App } from "../../support/app.ts";
import { append, messageBody, subscribe } from "../../support/http-user.ts";

/** When a turn's first text reached the reader. Times are milliseconds since the epoch, with fractions. */
export interface Arrival {
  text: number;
  /** When local-trigger had stored that record. */
  stored: number;
}

interface WireRecord {
  body: string;
  timestamp: number;
  headers?: [string, string][];
}

/** Milliseconds since the epoch, with fractions. */
export const now = (): number => performance.timeOrigin + performance.now();

/** A chat's reader without a browser: it follows `.out` from turn to turn, as the open page does. */
export class LineClient {
  private readonly app: App;
  private readonly chatId: string;
  private readonly token: string;
  private readonly abort = new AbortController();
  private first: Arrival | null = null;
  private waiting: { resolve: (arrival: Arrival) => void; reject: (error: unknown) => void } | null = null;

  constructor(app: App, chatId: string, token: string) {
    this.app = app;
    this.chatId = chatId;
    this.token = token;
  }

  /** Opens the stream, by default at its newest record, and reads it until `close`. */
  async open(from: "latest" | "beginning" = "latest"): Promise<this> {
    const response = await subscribe(this.app, this.chatId, this.token, {
      signal: this.abort.signal,
      headers: {
        "timeout-seconds": "600",
        ...(from === "latest" ? { "x-trigger-stream-start": from } : {}),
      },
    });
    if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
    const lost = (error: unknown): void => this.waiting?.reject(error);
    this.read(response.body).then(() => lost(new Error("the stream ended in mid-turn")), lost);
    return this;
  }

  close(): void {
    this.abort.abort();
  }

  /** Sends a message; resolves when the turn is complete. */
  async turn(
    text: string,
  ): Promise<{ messageId: string; sent: number; acknowledged: number; first: Arrival }> {
    const messageId = randomUUID();
    const complete = this.answer();
    const sent = now();
    const response = await append(
      this.app,
      this.chatId,
      this.token,
      messageBody(this.chatId, text, messageId),
    );
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the append answered ${response.status}`);
    const acknowledged = now();
    return { messageId, sent, acknowledged, first: await complete };
  }

  /** Resolves when the next turn is complete. */
  answer(): Promise<Arrival> {
    const complete = new Promise<Arrival>((resolve, reject) => (this.waiting = { resolve, reject }));
    // It is awaited later; until then a lost stream must not count as unhandled.
    complete.catch(() => {});
    return complete;
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let buffer = "";
    for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
      const at = now();
      buffer += decoder.decode(bytes, { stream: true });
      const frames = buffer.split("\n\n");
      buffer = frames.pop() ?? "";
      for (const frame of frames) this.frame(frame, at);
    }
  }

  private frame(frame: string, at: number): void {
    const data = frame.match(/^data: (.*)$/m)?.[1];
    if (!frame.includes("event: batch") || !data) return;
    for (const record of (JSON.parse(data) as { records: WireRecord[] }).records) this.record(record, at);
  }

  private record({ body, timestamp, headers = [] }: WireRecord, at: number): void {
    const control = headers.find(([name]) => name === "trigger-control")?.[1];
    if (control === "turn-complete" && this.first) {
      this.waiting?.resolve(this.first);
      this.first = null;
    }
    if (!this.first && body.includes('"text-delta"')) this.first = { text: at, stored: timestamp };
  }
}
