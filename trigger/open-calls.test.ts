import { describe, expect, it } from "vitest";
import { wrapSoFar } from "#app/shared/so-far.ts";
import { CallReader, INTERRUPTED, toldToModel, withCalls, type OpenCall } from "./open-calls.ts";
import { actsOrIsGone, runOnce } from "./tools/run-once.ts";

const open: OpenCall = { toolCallId: "c1", toolName: "order", input: { tea: 2 } };
const done: OpenCall = { ...open, toolCallId: "c2", outcome: { output: "brewed" } };

describe("the calls of a turn that never ended", () => {
  it("are read from its chunks, with what came of them", () => {
    const reader = new CallReader();
    for (const chunk of [
      { type: "start", messageId: "m" },
      { type: "tool-input-start", toolCallId: "c1", toolName: "order" },
      { type: "tool-input-available", toolCallId: "c1", toolName: "order", input: { tea: 2 } },
      { type: "tool-input-available", toolCallId: "c2", toolName: "order", input: { tea: 2 } },
      { type: "tool-output-available", toolCallId: "c2", output: "brewed" },
      null,
    ]) {
      reader.read(chunk);
    }
    expect(reader.take()).toEqual([open, done]);
    expect(reader.take()).toEqual([]);
  });

  it("are read from an answer that goes on too; those that wait for the person or were denied have not begun", () => {
    const reader = new CallReader();
    const begun = (toolCallId: string) =>
      ({ type: "tool-input-available", toolCallId, toolName: "order", input: { tea: 2 } }) as const;
    for (const chunk of [
      wrapSoFar(begun("c1")),
      wrapSoFar(begun("c2")),
      { type: "tool-output-available", toolCallId: "c2", output: "brewed" },
      begun("c3"),
      { type: "tool-approval-request", toolCallId: "c3", approvalId: "a" },
      wrapSoFar(begun("c4")),
      { type: "tool-output-denied", toolCallId: "c4" },
    ]) {
      reader.read(chunk);
    }
    expect(reader.take()).toEqual([open, done]);
  });

  it("are told to the model as calls with a result, an unknown one as interrupted", async () => {
    const told = JSON.stringify(await toldToModel([open, done]));
    expect(told).toContain(INTERRUPTED);
    expect(told).toContain("brewed");
    expect((await toldToModel([open])).map(({ role }) => role)).toEqual(["assistant", "tool"]);
    expect(await toldToModel([])).toEqual([]);
  });

  it("are shown in a partial that is kept, each once", () => {
    const partial = {
      id: "m",
      role: "assistant" as const,
      parts: [{ type: "text" as const, text: "Well," }],
    };
    const shown = withCalls(partial, [open]);
    expect(shown.parts[1]).toMatchObject({
      type: "tool-order",
      state: "output-error",
      errorText: INTERRUPTED,
    });
    expect(withCalls(shown, [open])).toBe(shown);
  });
});

describe("a tool", () => {
  const ran: unknown[] = [];
  const kept: string[] = [];
  const execute = (input: unknown) => void ran.push(input);
  const tools = { order: { sideEffect: true, execute }, look: { sideEffect: false, execute } };
  const guarded = runOnce(tools as never, [open], (id) =>
    Promise.resolve(void kept.push(id)),
  ) as typeof tools;
  const call = (tool: { execute: unknown }, input: unknown, toolCallId = "new") =>
    (tool.execute as (input: unknown, options: object) => Promise<unknown>)(input, {
      toolCallId,
      messages: [],
    });

  it("that acts is not run again with what a lost run had begun, and is with anything else, once that is kept", async () => {
    await expect(call(guarded.order, { tea: 2 })).rejects.toThrow(INTERRUPTED);
    expect([ran, kept]).toEqual([[], []]);
    await call(guarded.order, { tea: 3 });
    expect([ran, kept]).toEqual([[{ tea: 3 }], ["new"]]);
  });

  it("that acts and goes on after a decision is known by its call, whatever an earlier one like it gave", async () => {
    const calls = [{ ...done, toolCallId: "earlier" }, open];
    const goingOn = runOnce(tools as never, calls, () => Promise.resolve()) as typeof tools;
    await expect(call(goingOn.order, { tea: 2 }, "c1")).rejects.toThrow(INTERRUPTED);
    expect(await call(goingOn.order, { tea: 2 })).toBe("brewed");
  });

  it("that acts is not run when its call could not be kept", async () => {
    const away = runOnce(tools as never, [], () => Promise.reject(new Error("away"))) as typeof tools;
    const before = ran.length;
    await expect(call(away.order, { tea: 4 })).rejects.toThrow("away");
    expect(ran.length).toBe(before);
  });

  it("that only reads is called again, but not by the very call whose result is known", async () => {
    const looked: OpenCall = { toolCallId: "seen", toolName: "look", input: {}, outcome: { output: "tea" } };
    const goingOn = runOnce(tools as never, [looked], () => Promise.resolve()) as typeof tools;
    const before = ran.length;
    expect(await call(goingOn.look, {}, "seen")).toBe("tea");
    expect(ran.length).toBe(before);
    await call(goingOn.look, {}, "another");
    expect(ran.length).toBe(before + 1);
    expect(["order", "look", "gone"].map((name) => actsOrIsGone(tools as never, name))).toEqual([
      true,
      false,
      true,
    ]);
  });
});
