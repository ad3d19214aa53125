import type { UIMessageChunk } from "ai";
import type { PageSignals } from "#app/chat/page-signals.ts";
import type { SessionToken } from "#app/chat/session-token.ts";
import { SilenceWatch } from "#app/chat/silence-watch.ts";
import { Turn } from "#app/chat/turn.ts";
import type { Boundary, OutRecord } from "#app/shared/out-record.ts";
import { type TurnEvent, TurnSplitter } from "#app/shared/turn-splitter.ts";

/** `offline`: the browser has no network; `unreachable`: it has, and the Trigger API has not answered for long. */
export type Connection = "live" | "reconnecting" | "unreachable" | "offline";

export type OutRequest = {
  token: string;
  lastEventId: string | null;
  /** Ask the server to close at once when no turn is open. */
  peek: boolean;
  timeoutSeconds: number;
  signal: AbortSignal;
  /** The server answered. `settled`: no turn is open, and it closes after the last record. */
  onOpen: (settled: boolean) => void;
  onBytes: () => void;
};

/** One connection to `.out`. Throws what the reader throws; an HTTP refusal carries its `status`. */
export type OpenOut = (request: OutRequest) => AsyncIterable<OutRecord>;

type Shown = { cursor: number; chunks: UIMessageChunk[] };

export type FollowerOptions = {
  open: OpenOut;
  token: SessionToken;
  page: PageSignals;
  /** Sequence number of the last record that the page has; null: read from the beginning. */
  cursor: number | null;
  /** The page has a part of the open turn, up to this record: these chunks are what was read of it. */
  shown: Shown | null;
  /** A turn is said to be open, but not which: ask the server whether it is. */
  peek: boolean;
  /** Whether to be connected at all, and in a hidden tab, too. */
  demand: () => "none" | "while-shown" | "always";
  onTurn: (turn: Turn) => void;
  onBoundary: (boundary: Boundary) => void;
  onSettled: () => void;
  onRecord: () => void;
  onClosed: (reason: string | null) => void;
  onConnection: (connection: Connection) => void;
  firstDelayMs?: number;
  silenceMs?: number;
};

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** After so many failures in a row it may be the last for a long time: signed out, or the server is gone. */
const PATIENT_AFTER = 10;
const PATIENT_DELAY_MS = 30_000;
/** The server pings every 5 s; longer silence means that nobody is there. */
const SILENCE_MS = 20_000;

/** Reads one session's `.out` from a cursor on, for as long as the chat is open, and hands out its turns. */
export class TurnFollower {
  #splitter = new TurnSplitter();
  #turn: Turn | null = null;
  #cursor: number | null;
  /** What the open connection was asked to begin after. */
  #asked: number | null = null;
  #shown: Shown | null;
  #peek: boolean;
  #life: AbortController | null = null;
  #attempt: AbortController | null = null;
  #wake: (() => void) | null = null;
  readonly #silence: SilenceWatch;
  #failures = 0;
  #refreshed = false;

  constructor(private readonly options: FollowerOptions) {
    this.#cursor = options.cursor;
    this.#shown = options.shown;
    this.#peek = options.peek;
    this.#silence = new SilenceWatch(options.silenceMs ?? SILENCE_MS);
  }

  get cursor(): number | null {
    return this.#cursor;
  }

  /** Begins to read, or goes on where `stop` left off. A second start does nothing. */
  start(): void {
    if (this.#life) return;
    const life = new AbortController();
    this.#life = life;
    this.#takeShown();
    const unwatch = this.options.page.watch({
      onWake: (stale) => this.wake(stale),
      onHidden: () => this.dropIfIdle(),
      onOffline: () => this.options.onConnection("offline"),
    });
    life.signal.addEventListener("abort", unwatch, { once: true });
    void this.#follow(life.signal);
  }

  /** What the page's HTML has of the open turn counts as read, all of it in one go. */
  #takeShown(): void {
    const shown = this.#shown;
    this.#shown = null;
    if (!shown || shown.chunks.length === 0) return;
    this.#cursor = shown.cursor;
    for (const chunk of shown.chunks) this.#take({ kind: "chunk", seq: shown.cursor, chunk });
  }

  stop(): void {
    this.#life?.abort();
    this.#life = null;
  }

  /** Looks again now, whatever it was waiting for; `stale`: over a new connection. */
  wake(stale = false): void {
    if (stale) this.#attempt?.abort();
    this.#failures = 0;
    this.#wake?.();
  }

  /** The page has everything up to `seq` by another way. Ignored in the middle of a turn. */
  skipTo(seq: number): void {
    if (this.#turn || (this.#cursor !== null && seq <= this.#cursor)) return;
    this.#cursor = seq;
    // What is on its way on this connection lies before the cursor and is not read twice.
  }

  /** Ends the open turn without its boundary; what still comes of it is dropped. */
  giveUp(): void {
    this.#splitter.giveUp();
    this.#endTurn({ boundary: null, failed: false });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    // StrictMode starts, stops and starts in one go: only the start that lasts opens a connection.
    await Promise.resolve();
    while (!signal.aborted) {
      if (!this.#isWanted()) {
        await this.#pause(signal, null);
        continue;
      }
      const ended = await this.#connect(signal);
      if (signal.aborted) return;
      if (ended === "failed") await this.#backOff(signal);
    }
  }

  #isWanted(): boolean {
    const demand = this.options.demand();
    if (demand === "none") return false;
    return demand === "always" || this.#turn !== null || !this.options.page.hidden();
  }

  /** Lets the connection go when nobody looks and nothing is awaited: a browser has only six for a host. */
  dropIfIdle(): void {
    if (!this.#isWanted()) this.#attempt?.abort();
  }

  async #backOff(signal: AbortSignal): Promise<void> {
    this.#failures += 1;
    if (!this.options.page.online()) this.options.onConnection("offline");
    else if (this.#failures > 5) this.options.onConnection("unreachable");
    else if (this.#failures > 1) this.options.onConnection("reconnecting");
    const first = this.options.firstDelayMs ?? FIRST_DELAY_MS;
    const longest = this.#failures > PATIENT_AFTER ? PATIENT_DELAY_MS : LONGEST_DELAY_MS;
    const delay = Math.min(first * 2 ** (this.#failures - 1), longest);
    await this.#pause(signal, delay * (0.5 + Math.random() / 2));
  }

  #pause(signal: AbortSignal, delayMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = delayMs === null ? undefined : setTimeout(() => done(), delayMs);
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#wake = null;
        resolve();
      };
      signal.addEventListener("abort", done);
      this.#wake = done;
    });
  }

  /** One connection, to its end. `failed`: it was of no use, so the next one should wait a little. */
  async #connect(life: AbortSignal): Promise<"over" | "failed"> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#silence.begin(() => attempt.abort());
    const before = this.#cursor;
    let useful = false;
    try {
      useful = await this.#readAll(AbortSignal.any([life, attempt.signal]));
    } finally {
      const lasted = this.#silence.end();
      useful ||= lasted || this.#cursor !== before || !this.#isWanted();
      if (this.#attempt === attempt) this.#attempt = null;
      attempt.abort();
    }
    return useful ? "over" : "failed";
  }

  /** True when the next connection should follow at once. */
  async #readAll(signal: AbortSignal): Promise<boolean> {
    let token: string | null = null;
    let settled = false;
    try {
      token = await this.options.token.current();
      this.#asked = this.#cursor;
      const records = this.options.open({
        token,
        lastEventId: this.#asked === null ? null : String(this.#asked),
        peek: this.#peek,
        timeoutSeconds: this.#silence.windowSeconds,
        signal,
        onOpen: (isSettled) => {
          settled = isSettled;
          this.#failures = 0;
          this.options.onConnection("live");
        },
        onBytes: () => this.#silence.heard(),
      });
      for await (const record of records) {
        if (signal.aborted) return false;
        this.#read(record);
      }
      if (settled) this.#settled();
      return settled;
    } catch (error) {
      return await this.#repair(error, token);
    }
  }

  /** A new token after a 401 or 403, once until records flow again; true when it is worth a try at once. */
  async #repair(error: unknown, refused: string | null): Promise<boolean> {
    const status = statusOf(error);
    if (this.#refreshed || refused === null || (status !== 401 && status !== 403)) return false;
    this.#refreshed = true;
    return await this.options.token.renew(refused).then(
      () => true,
      () => false,
    );
  }

  #settled(): void {
    this.#peek = false;
    if (!this.#turn) this.options.onSettled();
  }

  #read(record: OutRecord): void {
    // The server has lost what this cursor stood for, and begins before it: so does the page.
    const isRewound = this.#asked !== null && record.seq <= this.#asked;
    // Long away: what came in between was trimmed, the rest of this answer with it.
    const isTorn = this.#asked !== null && this.#cursor === this.#asked && record.seq > this.#asked + 1;
    if (isTorn && this.#turn) this.#turn.isTorn = true;
    if (isRewound) this.#asked = null;
    else if (this.#cursor !== null && record.seq <= this.#cursor) return;
    this.#cursor = record.seq;
    this.#peek = false;
    this.#refreshed = false;
    this.options.onRecord();
    this.#take(record);
  }

  #take(record: OutRecord): void {
    for (const event of this.#splitter.read(record)) this.#apply(event);
  }

  #apply(event: TurnEvent): void {
    switch (event.type) {
      case "open":
        this.#turn = new Turn();
        this.options.onTurn(this.#turn);
        return;
      case "chunk":
        this.#turn?.push(event.chunk);
        return;
      case "failed":
        this.#endTurn({ boundary: null, failed: true });
        return;
      case "end":
        this.#endTurn({ boundary: event.boundary, failed: false });
        return;
      case "boundary":
        this.options.onBoundary(event.boundary);
        return;
      case "closed":
        this.options.onClosed(event.reason);
        return;
    }
  }

  #endTurn(outcome: { boundary: Boundary | null; failed: boolean }): void {
    this.#turn?.end(outcome);
    this.#turn = null;
  }
}

function statusOf(error: unknown): number | null {
  const status: unknown = error instanceof Error ? Reflect.get(error, "status") : undefined;
  return typeof status === "number" ? status : null;
}
