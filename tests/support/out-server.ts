import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A record of `.out` as a script writes it: a chunk of the answer, or a control record with its headers. */
export type ScriptedRecord = Record<string, unknown> | { control: [string, string][] };

export type AppendedInput = { seq: number; partId: string; body: { kind: string; payload?: Payload } };
type Payload = { trigger: string; message?: { id: string; parts: { text?: string }[] } };

/** What happens to the next append: `lost`: stored, but the answer never arrives; a number: that status. */
export type AppendFault = "refused" | "lost" | number | { status: number; body: unknown };

/** Bytes of one `.out` connection, and what to do when they are sent. */
export type Cut = { afterRecords: number; insideFrame: boolean };

/**
 * The wire of one session over real HTTP, as a browser sees it, with records and faults by script: `.in/append`,
 * `.out` as SSE, and the app's two token routes. It checks tokens, part ids and Last-Event-ID like the real one.
 */
export class OutServer {
  readonly inputs: AppendedInput[] = [];
  readonly appendFaults: AppendFault[] = [];
  /** One entry a connection; a connection without an entry is not cut. */
  readonly cuts: Cut[] = [];
  /** Last-Event-ID of each `.out` connection that was accepted. */
  readonly connections: (string | null)[] = [];
  readonly asked: string[] = [];
  validToken = "token-1";
  /** What the app's routes hand out next; null: 401. */
  nextToken: string | null = "token-1";
  sessionExists = true;
  pingEveryMs = 0;
  /** Holds the body of `.out` back until it is complete, as a buffering proxy does. */
  buffering = false;
  batchSize = 100;
  onInput: (input: AppendedInput) => void = () => undefined;
  #records: { body: string; headers: [string, string][] }[] = [];
  #readers = new Set<Reader>();
  #server: Server;
  #part = 0;
  #trimmed = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<OutServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new OutServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get openReaders(): number {
    return this.#readers.size;
  }

  async stop(): Promise<void> {
    this.dropReaders();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Takes no connection on its port and cuts those that are open, until `comeBack`. */
  async goAway(): Promise<() => Promise<void>> {
    const { port } = this.#server.address() as AddressInfo;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    this.#readers.clear();
    return async () => {
      this.#server.listen(port, "127.0.0.1");
      await once(this.#server, "listening");
    };
  }

  /** Appends to `.out`; gives the sequence number of the last record. */
  write(...records: ScriptedRecord[]): number {
    for (const record of records) {
      this.#part += 1;
      if ("control" in record) {
        this.#records.push({ body: "", headers: record.control as [string, string][] });
      } else {
        const body = JSON.stringify({ data: record, id: `part${this.#part}` });
        this.#records.push({ body, headers: [] });
      }
    }
    for (const reader of this.#readers) reader.feed();
    return this.#records.length - 1;
  }

  /** Appends the last records once more, as a writer does that has lost their acknowledgement: under the same ids. */
  repeat(count: number): void {
    this.#records.push(...this.#records.slice(-count));
    for (const reader of this.#readers) reader.feed();
  }

  /** Ids and places of the last records. */
  newest(count: number): [string, number][] {
    return this.#records.slice(-count).map(({ body }, index) => {
      const { id } = JSON.parse(body) as { id: string };
      return [id, this.#records.length - count + index];
    });
  }

  /** Takes away the records before this one, as the agent does with turns that are over. */
  trimBefore(seq: number): void {
    this.#trimmed = seq;
  }

  dropReaders(): void {
    for (const reader of this.#readers) reader.destroy();
  }

  slice(from: number, count: number) {
    return this.#records
      .slice(from, from + count)
      .map((record, index) => ({ seq_num: from + index, timestamp: Date.now(), ...record }));
  }

  get tail(): number {
    return this.#records.length;
  }

  forget(reader: Reader): void {
    this.#readers.delete(reader);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    this.asked.push(`${request.method} ${path}`);
    if (path.endsWith("/token") || path.endsWith("/session")) return this.#handOutToken(path, response);
    const body = await readBody(request);
    if (request.headers.authorization !== `Bearer ${this.validToken}`) return send(response, 401, {});
    if (path.endsWith("/in/append")) return this.#append(request, response, body);
    if (path.endsWith("/out")) return this.#subscribe(request, response);
    send(response, 404, {});
  }

  #handOutToken(path: string, response: ServerResponse): void {
    if (this.nextToken === null) return send(response, 401, {});
    if (path.endsWith("/session")) this.sessionExists = true;
    send(response, 200, { publicAccessToken: this.nextToken });
  }

  #append(request: IncomingMessage, response: ServerResponse, body: string): void {
    if (!this.sessionExists) return send(response, 404, {});
    const fault = this.appendFaults.shift();
    if (fault === "refused") return void request.socket.destroy();
    if (typeof fault === "number") return send(response, fault, {});
    if (typeof fault === "object") return send(response, fault.status, fault.body);
    const partId = String(request.headers["x-part-id"]);
    let input = this.inputs.find((other) => other.partId === partId);
    if (!input) {
      input = { seq: this.inputs.length, partId, body: JSON.parse(body) as AppendedInput["body"] };
      this.inputs.push(input);
      const stored = input;
      queueMicrotask(() => this.onInput(stored));
    }
    if (fault === "lost") return void request.socket.destroy();
    send(response, 200, { ok: true, seq: input.seq });
  }

  #subscribe(request: IncomingMessage, response: ServerResponse): void {
    const last = request.headers["last-event-id"];
    this.connections.push(typeof last === "string" ? last : null);
    const asked = typeof last === "string" && /^\d+$/.test(last) ? Number(last) + 1 : 0;
    const from = Math.max(asked, this.#trimmed);
    const settled = request.headers["x-peek-settled"] === "1" && this.#isSettled();
    const reader = new Reader(this, response, { from, settled, cut: this.cuts.shift() });
    this.#readers.add(reader);
    reader.begin(Number(request.headers["timeout-seconds"] ?? 60));
  }

  #isSettled(): boolean {
    return this.#records.at(-1)?.headers[0]?.[1] === "turn-complete";
  }
}

class Reader {
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #pings: NodeJS.Timeout | undefined;
  #held = "";

  constructor(
    private readonly server: OutServer,
    private readonly response: ServerResponse,
    private readonly start: { from: number; settled: boolean; cut: Cut | undefined },
  ) {
    response.on("close", () => {
      clearTimeout(this.#timer);
      clearInterval(this.#pings);
      this.server.forget(this);
    });
  }

  begin(timeoutSeconds: number): void {
    this.response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "X-Stream-Version": "v2",
      ...(this.start.settled ? { "X-Session-Settled": "true" } : {}),
    });
    if (!this.server.buffering) this.response.flushHeaders();
    this.#timer = setTimeout(() => this.#finish(), timeoutSeconds * 1_000);
    if (this.server.pingEveryMs > 0) {
      const ping = () => this.#put(`event: ping\ndata: {"timestamp":${Date.now()}}\n\n`);
      this.#pings = setInterval(ping, this.server.pingEveryMs);
    }
    this.feed();
    if (this.start.settled) this.#finish();
  }

  feed(): void {
    for (;;) {
      const left = (this.start.cut?.afterRecords ?? Number.POSITIVE_INFINITY) - this.#sent;
      if (left <= 0) return this.destroy();
      const batch = this.server.slice(this.start.from + this.#sent, Math.min(this.server.batchSize, left));
      if (batch.length === 0) return;
      this.#sent += batch.length;
      const [first, last] = [batch[0]?.seq_num, batch.at(-1)?.seq_num];
      const data = JSON.stringify({
        records: batch,
        tail: { seq_num: this.server.tail, timestamp: Date.now() },
      });
      const frame = `id: ${first},${last},${data.length}\nevent: batch\ndata: ${data}\n\n`;
      const torn = this.start.cut?.insideFrame && batch.length === left;
      this.#put(torn ? frame.slice(0, Math.floor(frame.length / 2)) : frame);
    }
  }

  destroy(): void {
    // What was written must reach the reader before the connection breaks.
    this.server.forget(this);
    setTimeout(() => this.response.destroy(), 2);
  }

  #put(text: string): void {
    if (this.server.buffering) this.#held += text;
    else this.response.write(text);
  }

  #finish(): void {
    this.response.end(`${this.#held}data: [DONE]\n\n`);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}
