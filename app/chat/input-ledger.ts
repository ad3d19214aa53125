/** One record of `.in` that waits for its answer. */
export type Awaited = {
  /** Null for an input without a message, such as a regenerate. */
  messageId: string | null;
  /** Null until the append is acknowledged. */
  seq: number | null;
  acknowledged: boolean;
  /** Sent by this tab. */
  own: boolean;
  /** Its message was withdrawn: it is passed without an answer. */
  disowned?: boolean;
  /** Settles with the append: by then `seq` says whether a boundary was this one's. Never rejects. */
  settled: Promise<void>;
};

type Known = { activeInputSeq: number | null; pending: { messageId: string; seq: number }[] };

/** Which inputs of one chat are still unanswered, in the order in which they will be answered. */
export class InputLedger {
  #waiting: Awaited[] = [];
  #consumed = -1;
  /** What lies up to here was given up by this page, whoever says that it still waits; until a turn ends again. */
  #givenUp = -1;
  /** Sequence numbers that this page can account for: its own appends and what the loader saw. */
  #accounted = new Set<number>();

  get size(): number {
    return this.#waiting.length;
  }

  /** What will be answered, the one whose turn is next first. */
  list(): readonly Awaited[] {
    return this.#waiting.filter(({ disowned }) => !disowned);
  }

  has(messageId: string): boolean {
    return this.#waiting.some((entry) => entry.messageId === messageId);
  }

  /** What the loader found in `.in`. May be older than what this page knows by now. */
  adopt({ activeInputSeq, pending }: Known): void {
    for (const { messageId, seq } of pending) this.#learn(messageId, seq);
    const newest = Math.max(-1, ...this.#waiting.map((entry) => entry.seq ?? -1));
    if (activeInputSeq !== null && activeInputSeq > newest) this.#learn(null, activeInputSeq);
  }

  #learn(messageId: string | null, seq: number): void {
    this.#accounted.add(seq);
    const known = this.#waiting.find(
      (entry) => entry.seq === seq || (messageId !== null && entry.messageId === messageId),
    );
    if (known) known.seq = seq;
    else if (seq > Math.max(this.#consumed, this.#givenUp)) {
      this.#waiting.push({ messageId, seq, acknowledged: true, own: false, settled: Promise.resolve() });
    }
    this.#sort();
  }

  /** An append was begun. The entry is completed by `acknowledged` or taken back by `withdrawn`. */
  sending(messageId: string | null, settled: Promise<void>): Awaited {
    const entry: Awaited = { messageId, seq: null, acknowledged: false, own: true, settled };
    this.#waiting.push(entry);
    return entry;
  }

  acknowledged(entry: Awaited, seq: number | null): void {
    entry.acknowledged = true;
    if (seq === null) return;
    entry.seq = seq;
    this.#accounted.add(seq);
    // The answer may be here before the acknowledgement is.
    if (seq <= this.#consumed) this.withdrawn(entry);
    const twin = this.#waiting.find((other) => other !== entry && other.seq === seq);
    if (twin) this.withdrawn(twin);
    this.#sort();
  }

  withdrawn(entry: Awaited): void {
    this.#waiting = this.#waiting.filter((other) => other !== entry);
  }

  /** A record of this page that asks for no answer (a stop). */
  account(seq: number | null): void {
    if (seq !== null) this.#accounted.add(seq);
  }

  /** A turn ended. Without a number (an older server) it answered what was next, if it showed anything. */
  consumed(seq: number | null, answeredSomething: boolean): void {
    if (seq === null) {
      const next = this.#waiting[0];
      if (answeredSomething && next?.acknowledged) this.withdrawn(next);
      return;
    }
    this.#consumed = Math.max(this.#consumed, seq);
    this.#givenUp = -1;
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((entry) => entry.seq === null || entry.seq > seq);
    const next = this.#waiting[0];
    if (answeredSomething && before === this.#waiting.length && next?.acknowledged && next.seq === null) {
      this.withdrawn(next);
    }
  }

  /** The next one counts as answered though no boundary said so: its turn failed. */
  settleNext(): void {
    const next = this.#waiting[0];
    if (next) this.withdrawn(next);
  }

  /** The user stopped with this record and nothing came: what lies before it counts as answered. */
  settleBefore(seq: number | null): void {
    if (seq === null) return this.settleNext();
    this.#givenUp = Math.max(this.#givenUp, seq);
    this.#waiting = this.#waiting.filter((entry) => entry.seq === null || entry.seq > seq);
  }

  /** The message of this record is not in the page any more; the record is still to be passed. */
  disown(messageId: string): void {
    for (const entry of this.#waiting) {
      if (entry.messageId === messageId) Object.assign(entry, { messageId: null, disowned: true });
    }
  }

  clear(): void {
    this.#waiting = [];
  }

  /** Whether records lie before the next input that this page has not seen: another tab's, perhaps. */
  hasGap(): boolean {
    const next = this.#waiting[0]?.seq;
    if (next === undefined || next === null || this.#consumed < 0) return false;
    for (let seq = this.#consumed + 1; seq < next; seq += 1) if (!this.#accounted.has(seq)) return true;
    return false;
  }

  #sort(): void {
    const place = (entry: Awaited) => entry.seq ?? Number.MAX_SAFE_INTEGER;
    this.#waiting.sort((a, b) => place(a) - place(b));
  }
}
