import { describe, expect, it } from "vitest";
import { Tails } from "./tails.ts";

const result = (first: number, count: number, duplicate = false) => ({
  first,
  next: first + count,
  timestamp: 1,
  duplicate,
});
const bodies = (tails: Tails, from: number) => tails.page("s", from)?.records.map(({ body }) => body);

function followed() {
  const tails = new Tails();
  const woken = { times: 0 };
  tails.watch("s", () => woken.times++);
  tails.reading("s")(5, 1);
  return { tails, woken };
}

describe("the tail of a followed stream", () => {
  it("is read from memory from where its end was seen, and from nowhere before", () => {
    const { tails, woken } = followed();
    tails.appended("s", result(5, 2), [{ body: "a" }, { body: "b" }]);
    expect(bodies(tails, 5)).toEqual(["a", "b"]);
    expect(bodies(tails, 6)).toEqual(["b"]);
    expect(tails.page("s", 7)).toEqual({ records: [], next: 7, timestamp: 1 });
    expect(tails.page("s", 4)).toBeNull();
    expect(tails.page("s", 5)).toBe(tails.page("s", 5));
    expect(woken.times).toBe(1);
  });

  it("is given up when commits are told of out of their order, until a read has seen the end of all of them", () => {
    const { tails } = followed();
    tails.appended("s", result(6, 1), [{ body: "second" }]);
    expect(tails.page("s", 5)).toBeNull();
    tails.reading("s")(6, 1);
    expect(tails.page("s", 6)).toBeNull();
    tails.appended("s", result(5, 1), [{ body: "first" }]);
    tails.reading("s")(7, 1);
    tails.appended("s", result(7, 1), [{ body: "third" }]);
    expect(bodies(tails, 7)).toEqual(["third"]);
  });

  it("does not begin with a read that an earlier follower had begun: a commit may have come since", () => {
    const tails = new Tails();
    const leave = tails.watch("s", () => {});
    const late = tails.reading("s");
    leave();
    tails.appended("s", result(5, 1), [{ body: "told to nobody" }]);
    tails.watch("s", () => {});
    late(5, 1);
    expect(tails.page("s", 5)).toBeNull();
  });

  it("holds what Postgres holds: no U+0000, no lone surrogate", () => {
    const { tails } = followed();
    tails.appended("s", result(5, 1), [{ body: "a\u0000b\ud800", headers: [["n\u0000", "🙂"]] }]);
    expect(tails.page("s", 5)?.records).toEqual([
      { seqNum: 5, timestamp: 1, body: "a\ufffdb\ufffd", headers: [["n\ufffd", "🙂"]] },
    ]);
  });

  it("keeps a bounded number of records and of characters, and nothing of a repetition", () => {
    const { tails } = followed();
    tails.appended("s", result(5, 1, true), [{ body: "again" }]);
    expect(tails.page("s", 5)?.records).toEqual([]);
    for (let seq = 5; seq < 1205; seq++) tails.appended("s", result(seq, 1), [{ body: "x" }]);
    expect(tails.page("s", 5)).toBeNull();
    expect(bodies(tails, 1200)).toHaveLength(5);
    tails.appended("s", result(1205, 1), [{ body: "x".repeat(1_000_000) }]);
    expect(tails.page("s", 1205)).toBeNull();
    expect(tails.page("s", 1206)?.records).toEqual([]);
  });

  it("is forgotten after a trim, a removal, and when the last follower has left", () => {
    const { tails } = followed();
    tails.forgetAll();
    expect(tails.page("s", 5)).toBeNull();
    tails.reading("s")(5, 1);
    const readBefore = tails.reading("s");
    tails.removed("s");
    readBefore(5, 1);
    expect(tails.page("s", 5)).toBeNull();
    const other = new Tails();
    other.watch("s", () => {})();
    other.reading("s")(5, 1);
    expect(other.page("s", 5)).toBeNull();
  });
});
