import type { AppendResult, NewRecord, StreamStore } from "#local-trigger/streams/stream-store.ts";

/** Counts records and keeps none: what an append costs without storing it. */
export class NoOpStore implements StreamStore {
  private readonly next = new Map<string, number>();

  append(stream: string, records: NewRecord[]): Promise<AppendResult> {
    const first = this.next.get(stream) ?? 0;
    this.next.set(stream, first + records.length);
    return Promise.resolve({ first, next: first + records.length, timestamp: Date.now(), duplicate: false });
  }

  bounds(stream: string) {
    const next = this.next.get(stream) ?? 0;
    return Promise.resolve({ first: next, next, timestamp: 0 });
  }

  async page(stream: string) {
    return { records: [], bounds: await this.bounds(stream) };
  }

  read = () => Promise.resolve([]);
  lastRecords = () => Promise.resolve([]);
  lastWithHeader = () => Promise.resolve(null);
  remove = () => Promise.resolve();
  tail = () => null;
  watch = () => () => {};
  appended(): void {}
  deleted(): void {}
}
