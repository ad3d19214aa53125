import { expect, test } from "vitest";
import { streamState } from "./pending-input.server.ts";

const none = { lastEventId: null, lastInEventId: null };

function message(seqNum: number, id: string, more: Record<string, unknown> = {}) {
  const payload = {
    trigger: "submit-message",
    message: { id, role: "user", parts: [{ type: "text", text: id }] },
    ...more,
  };
  return { seqNum, id: `part-${seqNum}`, data: JSON.stringify({ kind: "message", payload }) };
}

const chunk = (seqNum: number, type: string) => ({ seqNum, data: { type, id: "t" } });

const turnEnd = (seqNum: number, inSeq: number) => ({
  seqNum,
  data: "",
  headers: [
    ["trigger-control", "turn-complete"],
    ["session-in-event-id", String(inSeq)],
  ] as [string, string][],
});

test("a message that only lies in the input is pending under its own id", () => {
  const state = streamState(none, [message(0, "m1")], []);
  expect(state.pending.map(({ seq, message }) => [seq, message.id, message.role])).toEqual([
    [0, "m1", "user"],
  ]);
  expect(state).toMatchObject({ newestInput: 0, ahead: false, answering: false });
});

test("what a turn on the stream has answered is not pending, though the stored cursor is behind", () => {
  const state = streamState(
    none,
    [message(0, "m1"), message(1, "m2")],
    [chunk(0, "text-delta"), turnEnd(1, 0)],
  );
  expect(state.pending.map(({ message }) => message.id)).toEqual(["m2"]);
  expect(state).toMatchObject({ newestInput: 1, ahead: true, answering: false });
});

test("the end of the stored turn itself says what it answered, while the stored input cursor is behind", () => {
  const stored = { lastEventId: "7", lastInEventId: null };
  const state = streamState(stored, [message(0, "m1")], [turnEnd(7, 0)]);
  expect(state).toEqual({ pending: [], newestInput: null, ahead: false, answering: false, stopSeq: null });
});

test("a chat at rest has nothing pending and is not ahead", () => {
  const stored = { lastEventId: "7", lastInEventId: "3" };
  expect(streamState(stored, [], [])).toEqual({
    pending: [],
    newestInput: null,
    ahead: false,
    answering: false,
    stopSeq: null,
  });
});

test("an open turn counts as answering from its first visible part", () => {
  const stored = { lastEventId: "7", lastInEventId: "0" };
  const input = [message(1, "m2")];
  expect(streamState(stored, input, [chunk(9, "start"), chunk(10, "start-step")]).answering).toBe(false);
  expect(streamState(stored, input, [chunk(9, "start"), chunk(10, "reasoning-start")]).answering).toBe(true);
});

test("a stop is no message; a regeneration is an open turn without one", () => {
  const stop = { seqNum: 1, data: JSON.stringify({ kind: "stop" }) };
  const again = message(2, "x", { trigger: "regenerate-message", message: undefined });
  expect(streamState(none, [stop], [])).toMatchObject({ pending: [], newestInput: null });
  expect(streamState(none, [stop, again], [])).toMatchObject({ pending: [], newestInput: 2 });
});

test("an action that only tells others to look is no open turn, and its end has nothing that is to be stored", () => {
  const stored = { lastEventId: "7", lastInEventId: "0" };
  const look = message(1, "x", { trigger: "action", message: undefined, action: { type: "look" } });
  expect(streamState(stored, [look], [])).toMatchObject({ newestInput: null, ahead: false });
  expect(streamState(stored, [look], [turnEnd(8, 1)])).toMatchObject({ newestInput: null, ahead: false });
  const answer = message(1, "x", {
    trigger: "action",
    message: undefined,
    action: { type: "answer", messageId: "u1" },
  });
  expect(streamState(stored, [answer], [])).toMatchObject({ pending: [], newestInput: 1 });
});

test("a forged assistant message and broken records are left out", () => {
  const forged = message(0, "x", {
    message: { id: "x", role: "assistant", parts: [{ type: "text", text: "hi" }] },
  });
  const broken = [
    { seqNum: 1, data: "{not json" },
    { seqNum: 2, data: "null" },
    { seqNum: 3, data: 7 },
  ];
  expect(streamState(none, [forged, ...broken], broken).pending).toEqual([]);
});

test("a stop counts until a run has heard it, and only for what was asked before it", () => {
  const stop = (seqNum: number) => ({ seqNum, data: JSON.stringify({ kind: "stop" }) });
  const heard = (seqNum: number, inSeq: number, through: number) => {
    const end = turnEnd(seqNum, inSeq);
    return {
      ...end,
      headers: [...end.headers, ["session-in-consumed-id", String(through)] as [string, string]],
    };
  };
  const stopSeqOf = (...args: Parameters<typeof streamState>) => streamState(...args).stopSeq;
  expect(stopSeqOf(none, [message(0, "m1"), stop(1), stop(2)], [])).toBe(2);
  expect(stopSeqOf(none, [stop(0), message(1, "m1")], [])).toBeNull();
  const stopped = [message(0, "m1"), message(1, "m2"), stop(2)];
  expect(stopSeqOf(none, stopped, [heard(5, 0, 2)])).toBeNull();
  expect(stopSeqOf(none, stopped, [heard(5, 0, 1)])).toBe(2);
  // An end that the engine wrote does not say what was heard.
  expect(stopSeqOf(none, stopped, [turnEnd(5, 0)])).toBeNull();
  expect(stopSeqOf(none, [message(0, "m1"), stop(1)], [heard(5, 0, 1)])).toBeNull();
});
