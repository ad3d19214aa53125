import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StreamRemoved, type NewRecord, type StreamStore } from "./stream-store.ts";

export type StoreUnderTest = {
  store: StreamStore;
  /** Carries out due trims now; the store was made with a delay of `trimDelayMs`. */
  trim(): Promise<unknown>;
  trimDelayMs: number;
  /** The same data through a second store, as after a restart. */
  reopened(): StreamStore;
  stop(): Promise<void>;
};

const data = (...bodies: string[]): NewRecord[] => bodies.map((body) => ({ body }));
const turnComplete: NewRecord = { body: "", headers: [["trigger-control", "turn-complete"]] };
const trim = (trimTo: number): NewRecord => ({ body: "", headers: [["", "trim"]], trimTo });

/** What every stream store holds to. */
export function streamStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let opened: StoreUnderTest;
    let store: StreamStore;
    let count = 0;
    const fresh = () => `runs/run_${++count}/stream`;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.stop());

    it("numbers records from 0 without a gap, over batches", async () => {
      const stream = fresh();
      expect(await store.append(stream, data("a", "b"))).toMatchObject({
        first: 0,
        next: 2,
        duplicate: false,
      });
      expect(await store.append(stream, data("c"))).toMatchObject({ first: 2, next: 3 });
      const records = await store.read(stream, { from: 0 });
      expect(records.map((r) => [r.seqNum, r.body])).toEqual([
        [0, "a"],
        [1, "b"],
        [2, "c"],
      ]);
    });

    it("answers an unknown stream as an empty one", async () => {
      expect(await store.read(fresh(), { from: 0 })).toEqual([]);
      expect(await store.bounds(fresh())).toEqual({ first: 0, next: 0, timestamp: 0 });
      expect(await store.lastRecords(fresh(), 2)).toEqual([]);
      expect(await store.lastWithHeader(fresh(), ["trigger-control", "turn-complete"])).toBeNull();
    });

    it("keeps bodies and headers as they were given, text of any script included", async () => {
      const stream = fresh();
      const body = JSON.stringify({ text: '"quotes" \\ {braces}, NULL, 日本語 🙂\n' });
      await store.append(stream, [{ body, headers: [["a,b", '"x"\\']] }]);
      expect(await store.read(stream, { from: 0 })).toMatchObject([{ body, headers: [["a,b", '"x"\\']] }]);
    });

    it("stores U+0000 and lone surrogates as the replacement character instead of failing", async () => {
      const stream = fresh();
      await store.append(stream, [{ body: "a\u0000b\ud800", headers: [["n\u0000", "v\ud800"]] }]);
      const [record] = await store.read(stream, { from: 0 });
      expect(record?.body).toBe("a\ufffdb\ufffd");
      expect(record?.headers).toEqual([["n\ufffd", "v\ufffd"]]);
    });

    it("gives 40 concurrent appends 40 different, consecutive numbers", async () => {
      const stream = fresh();
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, i) => store.append(stream, data(`r${i}`))),
      );
      expect(results.map((r) => r.first).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 40 }, (_, i) => i),
      );
      const records = await store.read(stream, { from: 0 });
      expect(new Set(records.map((r) => r.body)).size).toBe(40);
    });

    it("appends to many streams at once, each gapless and in its writer's order, repetitions and new streams among them", async () => {
      const streams = Array.from({ length: 30 }, fresh);
      for (const stream of streams.slice(0, 25)) await store.append(stream, data("first"), { partId: "p" });
      const appends = streams.flatMap((stream) => [
        store.append(stream, data("a", "b")),
        store.append(stream, data("first"), { partId: "p" }),
        store.append(stream, [{ body: "c", headers: [["k", "v"]] }]),
        store.append(stream, [trim(1)]),
        store.append(stream, data("d")),
      ]);
      const results = await Promise.all(appends);
      for (const [index, stream] of streams.entries()) {
        const records = await store.read(stream, { from: 0 });
        expect(records.map((record) => record.seqNum)).toEqual([0, 1, 2, 3, 4, 5]);
        const inOrder = records.map((record) => record.body).filter((body) => body !== "first");
        expect(inOrder).toEqual(["a", "b", "c", "", "d"]);
        expect(records.find((record) => record.body === "c")?.headers).toEqual([["k", "v"]]);
        const [ab, repeated] = results.slice(index * 5);
        expect(records[ab?.first ?? -1]?.body).toBe("a");
        expect(records[repeated?.first ?? -1]?.body).toBe("first");
        expect(repeated?.duplicate).toBe(index < 25);
      }
    });

    it("gives followers from memory what a read gives, while many write", async () => {
      const stream = fresh();
      await store.append(stream, data("before"));
      const unwatch = store.watch(stream, () => {});
      await store.page(stream, { from: 0 });
      const others = Array.from({ length: 10 }, fresh);
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          Promise.all([
            store.append(stream, data(`r${i}`)),
            ...others.map((o) => store.append(o, data("x"))),
          ]),
        ),
      );
      const read = await store.page(stream, { from: 1 });
      expect(store.tail(stream, 1)).toEqual({
        records: read.records,
        next: read.bounds.next,
        timestamp: read.bounds.timestamp,
      });
      expect(read.records).toHaveLength(20);
      unwatch();
      expect(store.tail(stream, 1)).toBeNull();
    });

    it("never lets a timestamp decrease", async () => {
      const stream = fresh();
      for (let i = 0; i < 20; i++) await store.append(stream, data("x"));
      const times = (await store.read(stream, { from: 0 })).map((r) => r.timestamp);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(Math.abs(Date.now() - (times[0] ?? 0))).toBeLessThan(60_000);
    });

    it("stores a part id once and answers the first number again", async () => {
      const stream = fresh();
      await store.append(stream, data("before"));
      const first = await store.append(stream, data("one"), { partId: "p1" });
      await store.append(stream, data("between"));
      const again = await store.append(stream, data("other content"), { partId: "p1" });
      expect(again).toMatchObject({ first: first.first, duplicate: true, next: 3 });
      expect((await store.read(stream, { from: 0 })).map((r) => r.body)).toEqual([
        "before",
        "one",
        "between",
      ]);
    });

    it("stores a part id once when the same append arrives ten times at the same moment", async () => {
      const stream = fresh();
      const results = await Promise.all(
        Array.from({ length: 10 }, () => store.append(stream, data("one"), { partId: "p" })),
      );
      expect(results.map((r) => r.first)).toEqual(Array(10).fill(0));
      expect(results.filter((r) => !r.duplicate)).toHaveLength(1);
    });

    it("keeps part ids of different streams apart", async () => {
      const [a, b] = [fresh(), fresh()];
      await store.append(a, data("a"), { partId: "p" });
      expect(await store.append(b, data("b"), { partId: "p" })).toMatchObject({ first: 0, duplicate: false });
    });

    it("reads from a number, up to a limit of records and of bytes, but always one record", async () => {
      const stream = fresh();
      await store.append(stream, data(...Array.from({ length: 10 }, (_, i) => `${i}`.repeat(100))));
      expect((await store.read(stream, { from: 7 })).map((r) => r.seqNum)).toEqual([7, 8, 9]);
      expect((await store.read(stream, { from: 2, limit: 3 })).map((r) => r.seqNum)).toEqual([2, 3, 4]);
      expect((await store.read(stream, { from: 0, maxBytes: 250 })).map((r) => r.seqNum)).toEqual([0, 1, 2]);
      expect((await store.read(stream, { from: 5, maxBytes: 1 })).map((r) => r.seqNum)).toEqual([5]);
      expect(await store.read(stream, { from: 99 })).toEqual([]);
    });

    it("answers a page with the bounds of the same instant, also past the end", async () => {
      const stream = fresh();
      const { timestamp } = await store.append(stream, data("a", "b"));
      expect(await store.page(stream, { from: 5 })).toEqual({
        records: [],
        bounds: { first: 0, next: 2, timestamp },
      });
    });

    it("finds the newest record with a header, and the last records oldest first", async () => {
      const stream = fresh();
      await store.append(stream, [...data("a"), turnComplete, ...data("b"), turnComplete, ...data("c")]);
      const header: [string, string] = ["trigger-control", "turn-complete"];
      expect((await store.lastWithHeader(stream, header))?.seqNum).toBe(3);
      expect(await store.lastWithHeader(stream, ["trigger-control", "upgrade-required"])).toBeNull();
      expect((await store.lastRecords(stream, 2)).map((r) => r.seqNum)).toEqual([3, 4]);
    });

    it("wakes watchers of the stream after the append can be read, and nobody after they left", async () => {
      const [stream, other] = [fresh(), fresh()];
      const seen: number[] = [];
      const unwatch = store.watch(stream, () => void store.bounds(stream).then((b) => seen.push(b.next)));
      store.watch(other, () => seen.push(-1));
      await store.append(stream, data("a"));
      await expect.poll(() => seen).toEqual([1]);
      unwatch();
      await store.append(stream, data("b"));
      await sleep(50);
      expect(seen).toEqual([1]);
    });

    it("keeps trimmed records readable for a while, then drops exactly those below the trim point", async () => {
      const stream = fresh();
      await store.append(stream, data("a", "b", "c", "d"));
      await store.append(stream, [trim(2)]);
      await opened.trim();
      expect((await store.read(stream, { from: 0 })).map((r) => r.seqNum)).toEqual([0, 1, 2, 3, 4]);
      await sleep(opened.trimDelayMs + 20);
      await opened.trim();
      expect((await store.read(stream, { from: 0 })).map((r) => r.seqNum)).toEqual([2, 3, 4]);
      expect(await store.bounds(stream)).toMatchObject({ first: 2, next: 5 });
      expect(await store.append(stream, data("e"))).toMatchObject({ first: 5 });
    });

    it("applies an older trim with its own point, not with that of a newer one", async () => {
      const stream = fresh();
      await store.append(stream, [...data("a", "b", "c"), trim(1)]);
      await sleep(opened.trimDelayMs * 0.7);
      await store.append(stream, [trim(3)]);
      // Where the first one is due, the second is not yet, however late somebody looks.
      const points = new Set<number>();
      for (const end = Date.now() + 20_000; !points.has(3) && Date.now() < end; await sleep(10)) {
        await opened.trim();
        points.add((await store.bounds(stream)).first);
      }
      expect([...points]).toEqual([0, 1, 3]);
    });

    it("never trims the trim record itself, nor moves the point back", async () => {
      const stream = fresh();
      await store.append(stream, [...data("a", "b"), trim(1000)]);
      await store.append(stream, [trim(1)]);
      await sleep(opened.trimDelayMs + 20);
      await opened.trim();
      expect((await store.read(stream, { from: 0 })).map((r) => r.seqNum)).toEqual([2, 3]);
    });

    it("goes on counting, and still knows its part ids, after it was opened anew", async () => {
      const stream = fresh();
      await store.append(stream, data("a"), { partId: "p" });
      const again = opened.reopened();
      expect(await again.append(stream, data("b"))).toMatchObject({ first: 1 });
      expect(await again.append(stream, data("a"), { partId: "p" })).toMatchObject({
        first: 0,
        duplicate: true,
      });
    });

    it("removes all streams below a prefix for good, and no neighbour", async () => {
      await store.append("sessions/a/out", data("x"));
      await store.append("sessions/a/channels/c/in", data("x"));
      await store.append("sessions/ab/out", data("stays"));
      await store.remove("sessions/a/");
      expect(await store.read("sessions/a/out", { from: 0 })).toEqual([]);
      expect(await store.read("sessions/ab/out", { from: 0 })).toHaveLength(1);
      await expect(store.append("sessions/a/out", data("y"))).rejects.toBeInstanceOf(StreamRemoved);
      await expect(store.append("sessions/a/new", data("y"))).rejects.toBeInstanceOf(StreamRemoved);
      expect(await store.append("sessions/ab/out", data("z"))).toMatchObject({ first: 1 });
    });

    it("leaves nothing behind when streams are removed while they are written", async () => {
      for (let round = 0; round < 10; round++) {
        const prefix = `sessions/race${round}/`;
        const writes = ["in", "out", "in", "out"].map((io) =>
          store.append(`${prefix}${io}`, data("x")).catch((error: unknown) => error),
        );
        await Promise.all([store.remove(prefix), ...writes]);
        expect(await store.read(`${prefix}in`, { from: 0 })).toEqual([]);
        expect(await store.read(`${prefix}out`, { from: 0 })).toEqual([]);
      }
    });
  });
}
