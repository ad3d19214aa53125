import { convertToModelMessages, type ModelMessage } from "ai";
import { expect, test } from "vitest";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { cutOf, endOf, piecesOf, tokensOf } from "#trigger/context/cut.ts";

/** Each message takes about 110 tokens: 400 letters and the JSON around them. */
const message = (role: "user" | "assistant", id: string, text = "x".repeat(400)): LongrunUIMessage => ({
  id,
  role,
  parts: [{ type: "text", text: `${id} ${text}` }],
});

const talk = (turns: number): LongrunUIMessage[] =>
  Array.from({ length: turns }, (_, n) => [message("user", `q${n}`), message("assistant", `a${n}`)]).flat();

test("as few messages as do are summarised, and the rest begins with a question", () => {
  const path = talk(10);
  expect(cutOf(path, 0, 500)).toBe(16);
  expect(tokensOf(path.slice(16))).toBeLessThanOrEqual(500);
  expect(tokensOf(path.slice(14))).toBeGreaterThan(500);
});

test("the last question is never summarised, however long it and its answer are", () => {
  const path = [...talk(3), message("user", "q", "y".repeat(9_000)), message("assistant", "a")];
  expect(cutOf(path, 0, 500)).toBe(6);
});

test("a conversation of one question has nothing to summarise", () => {
  expect(cutOf([message("user", "q", "y".repeat(9_000))], 0, 500)).toBeNull();
  expect(cutOf(talk(1), 0, 10)).toBeNull();
});

test("no more than what lies after an earlier summary is asked for", () => {
  expect(cutOf(talk(10), 18, 500)).toBeNull();
});

test("other scripts than Latin count for what they take", () => {
  expect(tokensOf([message("user", "q", "文".repeat(400))])).toBeGreaterThan(300);
});

test("pieces hold every message once, in order, begin with a question, and are no larger than asked unless one turn is", () => {
  const path = [
    ...talk(5),
    message("user", "long", "z".repeat(4_000)),
    message("assistant", "a"),
    ...talk(1),
  ];
  const pieces = piecesOf(path, 500);
  expect(pieces.flat()).toEqual(path);
  expect(pieces.map(([first]) => first?.role)).toEqual(pieces.map(() => "user"));
  const turns = (piece: LongrunUIMessage[]) => piece.filter(({ role }) => role === "user").length;
  for (const piece of pieces) expect(turns(piece) === 1 || tokensOf(piece) <= 500).toBe(true);
  expect(pieces.length).toBeGreaterThan(2);
});

const asTold = (messages: LongrunUIMessage[]): Promise<ModelMessage[]> =>
  convertToModelMessages(messages.map(({ role, parts }) => ({ role, parts })));

test("the model's messages from a question on are found, also where one has the same words", async () => {
  const path = [
    message("user", "q", "Go on"),
    message("assistant", "a1"),
    { ...message("user", "q", "Go on"), id: "again" },
    message("assistant", "a2"),
  ];
  const told = await asTold(path);
  expect(endOf(told, path.slice(2))).toEqual(told.slice(2));
  expect(endOf(told, path)).toEqual(told);
});

test("where the model's messages are not those of the page, nothing is left out", async () => {
  const path = talk(2);
  const told = await asTold(path);
  expect(endOf([...told, { role: "user", content: "put in by somebody" }], path.slice(2))).toBeNull();
  expect(endOf(told, path.slice(1))).toBeNull();
});
