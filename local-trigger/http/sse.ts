import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describeError } from "../log.ts";
import type { StreamRecord, StreamStore } from "../streams/stream-store.ts";
import { headersForReaders } from "../wire/session-records.ts";
import { chatOfStream } from "../wire/stream-names.ts";
import { Events, type Frame } from "./events.ts";
import { isGone } from "./gone.ts";
import type { RequestContext } from "./router.ts";

const batchRecords = 500;
const batchBytes = 128 * 1024;
const pingEveryMs = 5000;

export type SseOptions = {
  streams: StreamStore;
  stream: string;
  /** First record wanted; moved to the first one kept or to the tail when it lies outside. */
  from: number;
  /** How long to wait for a record; begins anew after each batch. 0: send what is there and close. */
  waitMs: number;
  headers?: Record<string, string>;
  /** Tokens in headers go to this reader too; default false. */
  withTokens?: boolean;
  /** When the reader's own token ends, in seconds since 1970, and the stream with it; default never. */
  expires?: number | undefined;
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
  const events = new Events(res);
  const reader = new StreamReader(res, events, options);
  try {
    await reader.run();
  } catch (error) {
    const { stream } = options;
    c.log.error("stream.read_failed", { chatId: chatOfStream(stream), stream, error: describeError(error) });
    if (!res.destroyed)
      events.end("event: error\ndata: The stream could not be read; resume from your last record.\n\n");
  } finally {
    reader.stop();
  }
}

/** When what a request was made with ends, in seconds since 1970; undefined for a key, which does not. */
export function expiryOf({ credential }: RequestContext): number | undefined {
  return credential?.kind === "jwt" ? credential.expires : undefined;
}

type Page = { records: StreamRecord[]; next: number; timestamp: number };

class StreamReader {
  private readonly waker = new Waker();
  private readonly unwatch: () => void;
  private readonly ping: NodeJS.Timeout;
  private tail = { seq_num: 0, timestamp: 0 };
  private cursor: number;
  private deadline: number;
  private readonly end: number;
  /** The page after the one that is being sent, while the reader is behind. */
  private coming: Promise<Page> | null = null;

  constructor(
    private readonly res: ServerResponse,
    private readonly events: Events,
    private readonly options: SseOptions,
  ) {
    this.cursor = options.from;
    this.end = performance.now() + (options.expires ?? Infinity) * 1000 - Date.now();
    this.deadline = this.nextDeadline();
    this.unwatch = options.streams.watch(options.stream, () => this.waker.wake());
    res.once("close", () => this.waker.wake());
    this.ping = setInterval(() => this.sendPing(), pingEveryMs);
  }

  async run(): Promise<void> {
    while (!isGone(this.res)) {
      this.waker.reset();
      // Whole pages are not held while a socket is full: what waits there is one frame.
      const sent = this.sendNext();
      const more = typeof sent === "boolean" ? sent : await sent;
      if (this.res.writableNeedDrain) await this.drained();
      if (more && performance.now() < this.end) continue;
      if (performance.now() >= this.deadline) return this.events.end("data: [DONE]\n\n");
      await this.waker.wait(this.deadline);
    }
  }

  stop(): void {
    this.unwatch();
    this.waker.stop();
    clearInterval(this.ping);
  }

  /** Sends what there is, up to a page of it; whether there is more. Not a promise when memory has it: many may follow. */
  private sendNext(): boolean | Promise<boolean> {
    const { streams, stream } = this.options;
    const inMemory = streams.tail(stream, this.cursor);
    if (!inMemory) return this.sendFetched();
    // What was fetched ahead begins here too, and is of no use any more.
    this.coming = null;
    return this.sendPage(inMemory);
  }

  private sendPage(page: Page): boolean {
    this.tail = { seq_num: page.next, timestamp: page.timestamp };
    this.cursor = Math.min(this.cursor, page.next);
    const last = page.records.at(-1);
    if (!last) return false;
    this.cursor = last.seqNum + 1;
    this.deadline = this.nextDeadline();
    const more = this.cursor < page.next;
    if (more) this.fetchAhead();
    this.events.write(frameOf(page, this.options.withTokens === true));
    return more;
  }

  private nextDeadline(): number {
    return Math.min(performance.now() + this.options.waitMs, this.end);
  }

  private async sendFetched(): Promise<boolean> {
    const ahead = this.coming;
    this.coming = null;
    const more = this.sendPage(await (ahead ?? this.fetch()));
    // A page that was read before the last reset may be older than a record whose wake is forgotten by now.
    return more || ahead !== null;
  }

  private fetchAhead(): void {
    this.coming = this.fetch();
    // Whoever takes it is told of its failure; nobody may be left to take it.
    this.coming.catch(() => {});
  }

  private async fetch(): Promise<Page> {
    const { streams, stream } = this.options;
    const { records, bounds } = await streams.page(stream, {
      from: this.cursor,
      limit: batchRecords,
      maxBytes: batchBytes,
    });
    return { records, next: bounds.next, timestamp: bounds.timestamp };
  }

  private async drained(): Promise<void> {
    const left = new AbortController();
    const close = () => left.abort();
    this.res.once("close", close);
    await once(this.res, "drain", { signal: left.signal }).catch(() => {});
    this.res.off("close", close);
  }

  private sendPing(): void {
    if (this.res.writableNeedDrain || isGone(this.res)) return;
    const data = JSON.stringify({ timestamp: Date.now(), tail: this.tail });
    this.events.write(Events.frame(`event: ping\ndata: ${data}\n\n`));
  }
}

const shared = { whole: new WeakMap<Page, Frame>(), withoutTokens: new WeakMap<Page, Frame>() };

/** Followers of one stream are given the same page: its event is made once for all of them, as it goes over the wire. */
function frameOf(page: Page, withTokens: boolean): Frame {
  const made = withTokens ? shared.whole : shared.withoutTokens;
  const known = made.get(page);
  if (known) return known;
  const data = JSON.stringify({
    records: page.records.map((record) => ({
      seq_num: record.seqNum,
      timestamp: record.timestamp,
      body: record.body,
      headers: withTokens ? record.headers : headersForReaders(record),
    })),
    tail: { seq_num: page.next, timestamp: page.timestamp },
  });
  const id = `${page.records[0]?.seqNum},${page.records.at(-1)?.seqNum},${data.length}`;
  const frame = Events.frame(`id: ${id}\nevent: batch\ndata: ${data}\n\n`);
  made.set(page, frame);
  return frame;
}

/** Remembers a wake that comes while nobody waits, so that none is lost between a read and the wait after it. */
class Waker {
  private woken = false;
  private resolve: (() => void) | null = null;
  private timer: NodeJS.Timeout | undefined;

  reset(): void {
    this.woken = false;
  }

  wake(): void {
    this.woken = true;
    this.resolve?.();
    this.resolve = null;
  }

  /** Until the next wake, at the latest at `deadline`; an earlier deadline's timer may wake sooner. */
  async wait(deadline: number): Promise<void> {
    if (this.woken) return;
    // One timer for many records: it is set anew only when it has run out.
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.wake();
    }, deadline - performance.now());
    await new Promise<void>((resolve) => (this.resolve = resolve));
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
