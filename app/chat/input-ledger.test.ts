import { describe, expect, it } from "vitest";
import { InputLedger } from "#app/chat/input-ledger.ts";

const now = Promise.resolve();
const waiting = (ledger: InputLedger) => ledger.list().map((entry) => entry.messageId);
const loaded = (...pending: [string, number][]) => ({
  activeInputSeq: pending.at(-1)?.[1] ?? null,
  pending: pending.map(([messageId, seq]) => ({ messageId, seq })),
});

describe("what is unanswered", () => {
  it("is answered by the boundary at or behind it, in the order of .in", () => {
    const ledger = new InputLedger();
    ledger.adopt(loaded(["b", 4], ["a", 2]));
    expect(waiting(ledger)).toEqual(["a", "b"]);
    ledger.consumed(1, false);
    expect(waiting(ledger)).toEqual(["a", "b"]);
    ledger.consumed(3, true);
    expect(waiting(ledger)).toEqual(["b"]);
    ledger.consumed(4, true);
    expect(ledger.size).toBe(0);
  });

  it("counts the very first record, number 0", () => {
    const ledger = new InputLedger();
    ledger.adopt(loaded(["a", 0]));
    expect(ledger.size).toBe(1);
    ledger.consumed(0, true);
    expect(ledger.size).toBe(0);
  });

  it("holds an input without a message, such as a regenerate of another tab", () => {
    const ledger = new InputLedger();
    ledger.adopt({ activeInputSeq: 7, pending: [{ messageId: "a", seq: 5 }] });
    expect(waiting(ledger)).toEqual(["a", null]);
  });

  it("does not take back what an older loader answer says", () => {
    const ledger = new InputLedger();
    ledger.consumed(6, true);
    ledger.adopt(loaded(["a", 5], ["b", 7]));
    expect(waiting(ledger)).toEqual(["b"]);
  });

  it("knows a message that both the loader and the acknowledgement name as one", () => {
    const ledger = new InputLedger();
    const entry = ledger.sending("a", now);
    ledger.adopt(loaded(["a", 3]));
    ledger.acknowledged(entry, 3);
    expect(waiting(ledger)).toEqual(["a"]);
  });

  it("drops an input whose answer was here before its acknowledgement", () => {
    const ledger = new InputLedger();
    const entry = ledger.sending("a", now);
    ledger.consumed(3, true);
    expect(ledger.size).toBe(1);
    ledger.acknowledged(entry, 3);
    expect(ledger.size).toBe(0);
  });

  it("without numbers from the server is answered turn by turn", () => {
    const ledger = new InputLedger();
    ledger.acknowledged(ledger.sending("a", now), null);
    ledger.acknowledged(ledger.sending("b", now), null);
    ledger.consumed(null, false);
    expect(waiting(ledger)).toEqual(["a", "b"]);
    ledger.consumed(null, true);
    expect(waiting(ledger)).toEqual(["b"]);
    ledger.consumed(9, true);
    expect(ledger.size).toBe(0);
  });

  it("notices records before the next one that this page cannot account for", () => {
    const ledger = new InputLedger();
    ledger.consumed(2, true);
    ledger.account(3);
    const entry = ledger.sending("a", now);
    ledger.acknowledged(entry, 4);
    expect(ledger.hasGap()).toBe(false);
    ledger.acknowledged(ledger.sending("b", now), 6);
    ledger.consumed(4, true);
    expect(ledger.hasGap()).toBe(true);
  });

  it("loses to a stop only what lies before it", () => {
    const ledger = new InputLedger();
    ledger.adopt(loaded(["a", 1], ["b", 3]));
    ledger.sending("c", now);
    ledger.settleBefore(2);
    expect(waiting(ledger)).toEqual(["b", "c"]);
  });

  it("passes a withdrawn message: nothing answers it, and until its record is passed the chat is busy", () => {
    const ledger = new InputLedger();
    ledger.adopt(loaded(["a", 1], ["b", 2], ["c", 3]));
    ledger.disown("b");
    expect(waiting(ledger)).toEqual(["a", "c"]);
    expect(ledger.size).toBe(3);
    ledger.consumed(2, true);
    expect(waiting(ledger)).toEqual(["c"]);
    expect(ledger.size).toBe(1);
  });
});
