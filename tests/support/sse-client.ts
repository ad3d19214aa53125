type SseRecord = { seq_num: number; timestamp: number; body: string; headers: [string, string][] };
type SseEvent = { id?: string; event: string; data: string };

/** A subscription that is read event by event; `close` leaves as a closed tab does. */
export type SseSubscription = {
  status: number;
  headers: Headers;
  next(): Promise<SseEvent | null>;
  /** Reads until `count` records have come, or the stream ends. */
  records(count: number): Promise<SseRecord[]>;
  /** Reads to the end of the stream: all records, and whether it ended with [DONE]. */
  rest(): Promise<{ records: SseRecord[]; done: boolean }>;
  close(): void;
};

export async function subscribe(
  url: string | URL,
  token: string,
  headers: Record<string, string> = {},
): Promise<SseSubscription> {
  const controller = new AbortController();
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, accept: "text/event-stream", ...headers },
    signal: controller.signal,
  });
  const events = readEvents(response.body ?? new ReadableStream());
  const next = async () => (await events.next()).value ?? null;
  return {
    status: response.status,
    headers: response.headers,
    next,
    async records(count) {
      const found: SseRecord[] = [];
      while (found.length < count) {
        const event = await next();
        if (!event) break;
        found.push(...recordsOf(event));
      }
      return found;
    },
    async rest() {
      const records: SseRecord[] = [];
      let done = false;
      for (let event = await next(); event; event = await next()) {
        records.push(...recordsOf(event));
        done ||= event.data === "[DONE]";
      }
      return { records, done };
    },
    close: () => controller.abort(),
  };
}

function recordsOf(event: SseEvent): SseRecord[] {
  return event.event === "batch" ? (JSON.parse(event.data) as { records: SseRecord[] }).records : [];
}

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SseEvent, undefined> {
  const decoder = new TextDecoder();
  let buffer = "";
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    buffer += decoder.decode(chunk, { stream: true });
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop() ?? "";
    for (const block of blocks) yield parseEvent(block);
  }
  return undefined;
}

function parseEvent(block: string): SseEvent {
  const event: SseEvent = { event: "message", data: "" };
  for (const line of block.split("\n")) {
    const [name, ...rest] = line.split(": ");
    const value = rest.join(": ");
    if (name === "id" || name === "event") event[name] = value;
    if (name === "data") event.data += value;
  }
  return event;
}
