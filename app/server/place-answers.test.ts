import { expect, test } from "vitest";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { OpenTurn } from "#app/shared/open-turn.ts";
import { placeAnswers } from "./place-answers.server.ts";

const user = (id: string): LongrunUIMessage => ({ id, role: "user", parts: [{ type: "text", text: id }] });
const answer = (id: string, text: string): LongrunUIMessage => ({
  id,
  role: "assistant",
  parts: [{ type: "text", text }],
});
const pending = (...ids: string[]) => ids.map((id, seq) => ({ seq, message: user(id) }));
const turnOf = (messageId: string): OpenTurn => ({ cursor: "9", messageId, outline: [] });
const open = (id: string, text: string) => ({ answer: answer(id, text), turn: turnOf(id) });
const answers = (more: Partial<Parameters<typeof placeAnswers>[1]["answers"]> = {}) => ({
  ended: [],
  open: null,
  restarted: false,
  failure: null,
  ...more,
});
const lines = ({ messages }: ReturnType<typeof placeAnswers>) => messages.map(messageText);

test("the open answer stands behind its question, before what waits in the queue", () => {
  const placed = placeAnswers([user("u1")], {
    pending: pending("u1", "u2"),
    answers: answers({ open: open("a1", "so far") }),
  });
  expect(lines(placed)).toEqual(["u1", "so far", "u2"]);
  expect(placed).toMatchObject({ open: { messageId: "a1" }, misplaced: false });
});

test("a kept partial answers the first message, and the open answer stands behind the next", () => {
  const placed = placeAnswers([user("u1"), answer("a1", "kept")], {
    pending: pending("u1", "u2", "u3"),
    answers: answers({ open: open("a2", "next"), restarted: true }),
  });
  expect(lines(placed)).toEqual(["u1", "kept", "u2", "next", "u3"]);
  expect(placed.misplaced).toBe(false);
});

test("an answer that goes on takes the place of the stored one, but never with less in it", () => {
  const stored = [user("u1"), answer("a1", "waited")];
  const further = placeAnswers(stored, {
    pending: [],
    answers: answers({ open: open("a1", "waited and on") }),
  });
  expect(lines(further)).toEqual(["u1", "waited and on"]);
  expect(further.open).not.toBeNull();
  const behind = placeAnswers(stored, { pending: [], answers: answers({ open: open("a1", "wai") }) });
  expect(lines(behind)).toEqual(["u1", "waited"]);
  expect(behind.open, "the page reads the turn from its beginning").toBeNull();
});

test("a turn that ended but is not stored yet is shown, and the page reads it again", () => {
  const placed = placeAnswers([user("u1")], {
    pending: pending("u2"),
    answers: answers({ ended: [answer("a1", "whole")], open: open("a2", "so far") }),
  });
  expect(lines(placed)).toEqual(["u1", "whole", "u2", "so far"]);
  expect(placed.open).toBeNull();
});

test("an answer anew without its question's place in the history is told as misplaced", () => {
  const anew = answers({ open: open("a2", "anew") });
  expect(placeAnswers([user("u1"), answer("a1", "old")], { pending: [], answers: anew }).misplaced).toBe(
    true,
  );
  expect(placeAnswers([user("u1")], { pending: [], answers: anew }).misplaced).toBe(false);
});
