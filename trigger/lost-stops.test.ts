import { describe, expect, it } from "vitest";
import { stoppedOf } from "./lost-stops.ts";
import type { InputRecord } from "#app/shared/in-record.ts";

const message = (id: string) => ({
  kind: "message",
  payload: { trigger: "submit-message", message: { id } },
});
const action = (body: object) => ({ kind: "message", payload: { trigger: "action", action: body } });
const stop = { kind: "stop" };

const stopped = (list: unknown[], heard = -1): string[] =>
  stoppedOf(
    list.map((data, seqNum): InputRecord => ({ seqNum, data: seqNum % 2 ? data : JSON.stringify(data) })),
    heard,
  );

describe("a stop that no run has heard", () => {
  it("ends the oldest answer that is open, and not what waits behind it", () => {
    expect(stopped([message("m1"), stop])).toEqual(["m1"]);
    expect(stopped([message("m1"), message("m2"), stop, message("m3")])).toEqual(["m1"]);
  });

  it("does not reach what was sent after it", () => {
    expect(stopped([stop, message("m1")])).toEqual([]);
    expect(stopped([message("m1"), stop, message("m2"), stop])).toEqual(["m1", "m2"]);
  });

  it("that was asked for on two devices is one", () => {
    expect(stopped([message("m1"), message("m2"), stop, stop])).toEqual(["m1"]);
  });

  it("ends an answer that was asked for again, and does nothing to a look", () => {
    const again = action({ type: "answer", messageId: "m1" });
    expect(stopped([action({ type: "look" }), again, stop])).toEqual(["m1"]);
  });

  it("is one that no turn has heard", () => {
    expect(stopped([message("m1"), stop], 1)).toEqual([]);
    expect(stopped([message("m1"), stop, "{", null, { kind: "other" }], 0)).toEqual(["m1"]);
  });
});
