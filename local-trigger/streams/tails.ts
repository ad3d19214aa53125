import type { AppendResult, NewRecord, StreamRecord } from "../wire/records.ts";
import { FanOut } from "./fan-out.ts";
import { storedRecords } from "./stored-text.ts";

/** Records that follow each other, the number after the stream's newest record, and that record's time. */
export type TailPage = { records: StreamRecord[]; next: number; timestamp: number };

const maxRecords = 500;
const maxChars = 128 * 1024;

/**
 * The newest records of the streams that somebody follows, as they were committed: all followers of a stream read it from
 * memory, and from the database only what lies further back. What is not known to be whole is not kept.
 */
export class Tails {
  private readonly byStream = new Map<string, Tail>();
  private readonly ofAll = new Set<(stream: string) => void>();

  watch(stream: string, wake: () => void): () => void {
    const tail = this.byStream.get(stream) ?? new Tail();
    this.byStream.set(stream, tail);
    tail.followers.add(wake);
    return () => {
      tail.followers.remove(wake);
      if (tail.followers.size === 0 && this.byStream.get(stream) === tail) this.byStream.delete(stream);
    };
  }

  /** Calls `wake` with the stream's name after the commit of every append to any stream. */
  watchAll(wake: (stream: string) => void): () => void {
    this.ofAll.add(wake);
    return () => this.ofAll.delete(wake);
  }

  /** Records from `from` upwards; null when not all of them are here. */
  page(stream: string, from: number): TailPage | null {
    return this.byStream.get(stream)?.page(from) ?? null;
  }

  /** A commit has moved the stream's end. */
  appended(stream: string, result: AppendResult, records: NewRecord[]): void {
    for (const wake of this.ofAll) wake(stream);
    const tail = this.byStream.get(stream);
    if (!tail) return;
    if (!result.duplicate) tail.append(result, records);
    tail.followers.wake();
  }

  /**
   * To be called before a read begins; what it gives is told of the end that the read has seen: what is appended from
   * there on can be kept. A follower who came in between begins by himself, because he may have missed a commit.
   */
  reading(stream: string): (next: number, timestamp: number) => void {
    const tail = this.byStream.get(stream);
    const life = tail?.life;
    return (next, timestamp) => {
      if (tail && tail.life === life && this.byStream.get(stream) === tail) tail.begin(next, timestamp);
    };
  }

  /** Records were trimmed. */
  forgetAll(): void {
    for (const tail of this.byStream.values()) tail.forget();
  }

  /** The streams whose name begins with `prefix` were removed. */
  removed(prefix: string): void {
    for (const [stream, tail] of this.byStream) {
      if (!stream.startsWith(prefix)) continue;
      tail.restart();
      for (const wake of this.ofAll) wake(stream);
      tail.followers.wake();
    }
  }
}

class Tail {
  readonly followers = new FanOut();
  /** Null: not followed from its end yet. */
  private records: StreamRecord[] | null = null;
  private chars = 0;
  private next = 0;
  private timestamp = 0;
  /** The farthest end that any commit told of: an older read must not be taken for the end. */
  private known = 0;
  private readonly pages = new Map<number, TailPage>();
  /** Another one after each removal of the stream. */
  life = 0;

  begin(next: number, timestamp: number): void {
    if (this.records || next < this.known) return;
    this.records = [];
    this.chars = 0;
    this.next = next;
    this.timestamp = timestamp;
  }

  append({ first, next, timestamp }: AppendResult, records: NewRecord[]): void {
    this.known = Math.max(this.known, next);
    if (!this.records || next <= this.next) return;
    // Commits are told of out of their order now and then.
    if (first !== this.next) return this.forget();
    for (const record of storedRecords(records, first, timestamp)) {
      this.records.push(record);
      this.chars += record.body.length;
    }
    this.next = next;
    this.timestamp = timestamp;
    this.pages.clear();
    this.shrink(this.records);
  }

  forget(): void {
    this.records = null;
    this.pages.clear();
  }

  restart(): void {
    this.forget();
    this.known = 0;
    this.life += 1;
  }

  /** The same page for all who ask from the same number: what is made of it can be shared. */
  page(from: number): TailPage | null {
    if (!this.records || from < this.next - this.records.length) return null;
    const known = this.pages.get(from);
    if (known) return known;
    const records = from >= this.next ? [] : this.records.slice(from - this.next);
    const page = { records, next: this.next, timestamp: this.timestamp };
    this.pages.set(from, page);
    return page;
  }

  private shrink(records: StreamRecord[]): void {
    let drop = 0;
    while (records.length - drop > maxRecords || (this.chars > maxChars && drop < records.length)) {
      this.chars -= records[drop]?.body.length ?? 0;
      drop += 1;
    }
    if (drop > 0) records.splice(0, drop);
  }
}
