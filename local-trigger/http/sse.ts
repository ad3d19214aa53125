import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describeError } from "../log.ts";
import type { StreamBounds, StreamRecord, StreamStore } from "../streams/stream-store.ts";
import type { RequestContext } from "./router.ts";

const batchRecords = 500;
const batchBytes = 256 * 1024;
const pingEveryMs = 5000;

export type SseOptions = {
  streams: StreamStore;
  stream: string;
  /** First record wanted; moved to the first one kept or to the tail when it lies outside. */
  from: number;
  /** How long to wait for a record; begins anew after each batch. 0: send what is there and close. */
  waitMs: number;
  headers?: Record<string, string>;
};

/**
 * Sends a stream as server-sent events (batch, ping, [DONE]). A reader that does not read is not read ahead for:
 * while its socket is full nothing is fetched. Ends when the client leaves.
 */
export async function sendStream(c: RequestContext, options: SseOptions): Promise<void> {
  const { res } = c;
  res.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-stream-version": "v2",
    ...options.headers,
  });
  res.flushHeaders();
  const reader = new StreamReader(res, options);
  try {
    await reader.run();
  } catch (error) {
    c.log.error("stream.read_failed", { stream: options.stream, error: describeError(error) });
    if (!res.destroyed)
      res.end("event: error\ndata: The stream could not be read; resume from your last record.\n\n");
  } finally {
    reader.stop();
  }
}

class StreamReader {
  private readonly waker = new Waker();
  private readonly unwatch: () => void;
  private readonly ping: NodeJS.Timeout;
  private tail = { seq_num: 0, timestamp: 0 };
  private bytes = 0;

  constructor(
    private readonly res: ServerResponse,
    private readonly options: SseOptions,
  ) {
    this.unwatch = options.streams.watch(options.stream, () => this.waker.wake());
    res.once("close", () => this.waker.wake());
    this.ping = setInterval(() => this.sendPing(), pingEveryMs);
  }

  async run(): Promise<void> {
    let cursor = this.options.from;
    let deadline = performance.now() + this.options.waitMs;
    while (!this.res.destroyed) {
      this.waker.reset();
      const { records, bounds } = await this.options.streams.page(this.options.stream, {
        from: cursor,
        limit: batchRecords,
        maxBytes: batchBytes,
      });
      this.noteTail(bounds);
      cursor = Math.min(cursor, bounds.next);
      const last = records.at(-1);
      if (last) {
        await this.sendBatch(records);
        cursor = last.seqNum + 1;
        deadline = performance.now() + this.options.waitMs;
        if (cursor < bounds.next) continue;
      }
      if (performance.now() >= deadline) return void this.res.end("data: [DONE]\n\n");
      await this.waker.wait(deadline - performance.now());
    }
  }

  stop(): void {
    this.unwatch();
    clearInterval(this.ping);
  }

  private async sendBatch(records: StreamRecord[]): Promise<void> {
    const data = JSON.stringify({
      records: records.map((record) => ({
        seq_num: record.seqNum,
        timestamp: record.timestamp,
        body: record.body,
        headers: record.headers,
      })),
      tail: this.tail,
    });
    this.bytes += Buffer.byteLength(data);
    const id = `${records[0]?.seqNum},${records.at(-1)?.seqNum},${this.bytes}`;
    const flushed = this.res.write(`id: ${id}\nevent: batch\ndata: ${data}\n\n`);
    if (!flushed) await this.drained();
  }

  private async drained(): Promise<void> {
    const left = new AbortController();
    const close = () => left.abort();
    this.res.once("close", close);
    await once(this.res, "drain", { signal: left.signal }).catch(() => {});
    this.res.off("close", close);
  }

  private sendPing(): void {
    if (this.res.writableNeedDrain || this.res.destroyed) return;
    this.res.write(`event: ping\ndata: ${JSON.stringify({ timestamp: Date.now(), tail: this.tail })}\n\n`);
  }

  private noteTail(bounds: StreamBounds): void {
    this.tail = { seq_num: bounds.next, timestamp: bounds.timestamp };
  }
}

/** Remembers a wake that comes while nobody waits, so that none is lost between a read and the wait after it. */
class Waker {
  private woken = false;
  private resolve: (() => void) | null = null;

  reset(): void {
    this.woken = false;
  }

  wake(): void {
    this.woken = true;
    this.resolve?.();
  }

  async wait(ms: number): Promise<void> {
    if (this.woken) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.resolve = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.resolve = null;
  }
}
