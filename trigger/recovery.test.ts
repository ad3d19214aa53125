import { describe, expect, it } from "vitest";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { STEERED } from "#app/shared/queue.ts";
import { planRecovery } from "./recovery.ts";
import type { StreamTail } from "./stream-tail.ts";

const message = (id: string, role: "user" | "assistant", text = id): LongrunUIMessage => ({
  id,
  role,
  parts: [{ type: "text", text }],
});

const [u1, a1, u2, u3] = [
  message("u1", "user"),
  message("a1", "assistant"),
  message("u2", "user"),
  message("u3", "user"),
] as const;
const partial = message("a2", "assistant", "half an ans");

/** The runtime's mark for a message that steered an answer. */
const marker = (id: string) =>
  ({
    type: STEERED,
    id: "m1",
    data: { messageIds: [id], messages: [] },
  }) as unknown as LongrunUIMessage["parts"][number];

const open: StreamTail = {
  boundary: { seqNum: 5, inEventId: 0, heardEventId: 0 },
  settledIds: [],
  replacedIds: [],
  openTurn: true,
  openIds: ["a2"],
  finishedId: null,
  finished: [],
  calls: [],
  lost: null,
};
const ended: StreamTail = {
  ...open,
  boundary: { seqNum: 9, inEventId: 1, heardEventId: 1 },
  settledIds: ["a2"],
  openTurn: false,
  openIds: [],
};

const ids = (messages: LongrunUIMessage[]) => messages.map((one) => one.id);

function plan(settled: LongrunUIMessage[], waiting: LongrunUIMessage[], tail: StreamTail | null = open) {
  const event = { settledMessages: settled, inFlightUsers: waiting, partialAssistant: partial };
  const { chain, recoveredTurns, partialId } = planRecovery(event, tail);
  return { chain: ids(chain), turns: ids(recoveredTurns), partialId };
}

describe("after a crash", () => {
  it("the one unanswered message is answered anew and its partial answer is gone", () => {
    expect(plan([u1, a1, u2], [u2])).toEqual({ chain: ["u1", "a1"], turns: ["u2"], partialId: null });
  });

  it("of several the first keeps its partial, the rest is answered, and none is in the history twice", () => {
    const expected = { chain: ["u1", "a1", "u2", "a2"], turns: ["u3"], partialId: "a2" };
    expect(plan([u1, a1, u2], [u2, u3])).toEqual(expected);
    expect(plan([u1, a1], [u2, u3])).toEqual(expected);
  });

  it("what had steered a stored answer is not answered again, although an older message still waits", () => {
    const steeredAnswer = { ...a1, parts: [marker("s1"), ...a1.parts] };
    const s1 = message("s1", "user");
    expect(plan([u1, s1, steeredAnswer], [u2, s1])).toEqual({
      chain: ["u1", "s1", "a1"],
      turns: ["u2"],
      partialId: null,
    });
  });

  it("what had steered the answer that was cut off has its own turn, and is not told to be in that answer", () => {
    const event = {
      settledMessages: [u1, a1, u2],
      inFlightUsers: [u2, u3],
      partialAssistant: { ...partial, parts: [marker("u3"), ...partial.parts] },
    };
    const { chain, recoveredTurns } = planRecovery(event, open);
    expect(ids(recoveredTurns)).toEqual(["u3"]);
    expect(chain.at(-1)?.parts).toEqual(partial.parts);
  });

  it("a partial that stays says that its run was lost; one that had ended before does not", () => {
    const event = { settledMessages: [u1, a1], inFlightUsers: [u2, u3], partialAssistant: partial };
    expect(planRecovery(event, open).chain.at(-1)?.metadata).toEqual({ recovered: true });
    expect(planRecovery(event, ended).chain.at(-1)?.metadata).toBeUndefined();
    const again = { settledMessages: [u1, a1, u2], inFlightUsers: [u3], partialAssistant: partial };
    expect(planRecovery(again, open, "u2").chain.at(-1)?.metadata).toEqual({ recovered: true });
  });

  it("a second run that was lost in the same turn leaves nothing of its answer behind", () => {
    const twice: StreamTail = { ...open, openIds: ["a0", "a2"] };
    expect(plan([u1, a1, message("a0", "assistant")], [u2], twice)).toEqual({
      chain: ["u1", "a1"],
      turns: ["u2"],
      partialId: null,
    });
  });

  it("of a turn that was given up after several lost runs, only the newest beginning stays", () => {
    const givenUp: StreamTail = { ...ended, replacedIds: ["a0"] };
    expect(plan([u1, a1, u2, message("a0", "assistant")], [], givenUp)).toEqual({
      chain: ["u1", "a1", "u2", "a2"],
      turns: [],
      partialId: "a2",
    });
  });

  it("a message whose partial was kept by a run that was lost as well is not answered again", () => {
    const twice: StreamTail = { ...open, openIds: ["a0", "a2"] };
    const a0 = message("a0", "assistant");
    const event = { settledMessages: [u1, a1, u2, a0], inFlightUsers: [u2, u3], partialAssistant: partial };
    const { chain, recoveredTurns, anewId } = planRecovery(
      event,
      twice,
      "a0",
      new Set(["u1", "a1", "u2", "a0"]),
    );
    expect([ids(chain), ids(recoveredTurns), anewId]).toEqual([["u1", "a1", "u2", "a0"], ["u3"], "u3"]);
  });

  it("a message that was edited while it waited is answered with the words that were stored", () => {
    const event = {
      settledMessages: [u1, a1, message("u2", "user", "better")],
      inFlightUsers: [u2],
      partialAssistant: partial,
    };
    expect(planRecovery(event, open).recoveredTurns).toEqual([message("u2", "user", "better")]);
  });

  it("of several the first is answered anew when its answer had only been opened", () => {
    const opened: LongrunUIMessage = {
      id: "a2",
      role: "assistant",
      parts: [{ type: "step-start" }, { type: "text", text: "", state: "streaming" }],
    };
    const event = { settledMessages: [u1, a1, u2], inFlightUsers: [u2, u3], partialAssistant: opened };
    const { chain, recoveredTurns, partialId } = planRecovery(event, open);
    expect([ids(chain), ids(recoveredTurns), partialId]).toEqual([["u1", "a1"], ["u2", "u3"], null]);
  });

  it("the message that is answered anew is named, and a kept partial or a first answer is not", () => {
    const waiting = { settledMessages: [u1, a1], inFlightUsers: [u2], partialAssistant: partial };
    expect(planRecovery(waiting, open).anewId).toBe("u2");
    expect(planRecovery({ ...waiting, inFlightUsers: [u2, u3] }, open).anewId).toBeNull();
    expect(planRecovery({ ...waiting, partialAssistant: undefined }, open).anewId).toBeNull();
    expect(planRecovery(waiting, ended).anewId).toBeNull();
  });

  it("the same message twice in the input counts once", () => {
    expect(plan([u1, a1, u2], [u2, u2])).toEqual({ chain: ["u1", "a1"], turns: ["u2"], partialId: null });
  });

  it("the answer of a turn that was stopped and ended stays, and what came later is answered", () => {
    expect(plan([u1, a1, u2], [], ended)).toEqual({
      chain: ["u1", "a1", "u2", "a2"],
      turns: [],
      partialId: "a2",
    });
    expect(plan([u1, a1, u2], [u3], ended)).toEqual({
      chain: ["u1", "a1", "u2", "a2"],
      turns: ["u3"],
      partialId: "a2",
    });
  });

  it("what a browser forged into the input reaches neither the history nor the model", () => {
    const forged = { ...message("x1", "assistant"), metadata: { model: "forged" } };
    const system = { ...message("x2", "user"), role: "system" as const };
    const dressed = {
      ...u2,
      metadata: { model: "forged" },
      parts: [...u2.parts, { type: "data-error" as const, data: { text: "forged" } }],
    };
    const event = {
      settledMessages: [u1, a1],
      inFlightUsers: [forged, system, dressed],
      partialAssistant: partial,
    };
    const { chain, recoveredTurns } = planRecovery(event, open);
    expect(ids(chain)).toEqual(["u1", "a1"]);
    expect(recoveredTurns).toEqual([u2]);
  });
});
