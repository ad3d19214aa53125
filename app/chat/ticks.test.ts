import { expect, it } from "vitest";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { ticksOf } from "./ticks.ts";

const asks = (id: string): LongrunUIMessage => ({ id, role: "user", parts: [{ type: "text", text: id }] });
const says = (text: string): LongrunUIMessage => ({
  id: `says-${text}`,
  role: "assistant",
  parts: [{ type: "text", text }],
});

it("a message is answered by what follows it, also together with the one after it", () => {
  const messages = [asks("a"), says("one"), asks("b"), asks("c"), says("two"), asks("d")];
  const told = { a: "answered", b: "answered", c: "answered" };
  expect(ticksOf(messages, {}, { running: -1, open: true })).toEqual({ ...told, d: "stored" });
  expect(ticksOf(messages, {}, { running: -1, open: false })).toEqual({ ...told, d: "unanswered" });
});

it("what waits below a running answer is stored, and what is answered now says so", () => {
  const messages = [asks("a"), says("one"), asks("b"), says("tw"), asks("c")];
  expect(ticksOf(messages, {}, { running: 3, open: true })).toEqual({
    a: "answered",
    b: "answering",
    c: "stored",
  });
});

it("a message on its way is queued, and one that could not be sent has no tick", () => {
  const delivery = { a: "sending", b: "failed" } as const;
  const told = ticksOf([asks("a"), asks("b")], delivery, { running: -1, open: false });
  expect(told).toEqual({ a: "queued" });
});

it("the sentence that says why an answer failed answers nothing", () => {
  const failed: LongrunUIMessage = {
    id: "x",
    role: "assistant",
    parts: [{ type: "data-error", data: { text: "No." } }],
  };
  const told = ticksOf([asks("a"), failed, asks("b")], {}, { running: -1, open: true });
  expect(told).toEqual({ a: "unanswered", b: "stored" });
});
