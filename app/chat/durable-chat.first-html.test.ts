import type { UIMessage, UIMessageChunk } from "ai";
import { describe, expect, it } from "vitest";
import { compactChunks, outlineOf } from "#app/shared/open-turn.ts";
import type { ResumeHandle } from "#app/shared/resume-handle.ts";
import {
  answer,
  assistant,
  finish,
  handle,
  start,
  textOf,
  turnComplete,
  user,
  words,
} from "../../tests/support/chat-script.ts";
import { chatsOnServer } from "../../tests/support/chats-on-server.ts";
import { eventually } from "../../tests/support/eventually.ts";
import { foldChunks } from "../../tests/support/fold-chunks.ts";
import type { ScriptedRecord } from "../../tests/support/out-server.ts";

const { server, open } = chatsOnServer();
const delta = (text: string): ScriptedRecord => ({ type: "text-delta", id: "0", delta: text });
const onlyAsked: Partial<ResumeHandle> = {
  isStreaming: true,
  activeInputSeq: 1,
  pending: [{ messageId: "u1", seq: 1 }],
};

/** Writes the beginning of a turn, and gives the answer and the handle that a server renders then. */
async function rendered(records: ScriptedRecord[], change: Partial<ResumeHandle> = {}) {
  const cursor = server().write(...records);
  const chunks = compactChunks(records as UIMessageChunk[]);
  const partial = (await foldChunks(chunks)) as UIMessage;
  const turn = { cursor: String(cursor), messageId: partial.id, outline: outlineOf(chunks) };
  return { partial, handle: handle({ ...onlyAsked, open: turn, ...change }), cursor };
}

describe("a page whose first HTML holds the running answer", () => {
  it("reads on at its cursor, and only ever grows", async () => {
    const { partial, handle, cursor } = await rendered([...start("a1"), ...words("The quick ", "brown ")]);
    const tab = open({ messages: [user("u1", "now"), partial], handle, status: "streaming" });
    server().write(delta("fox "));
    await tab.untilText("fox");
    server().write(delta("jumps"), ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: The quick brown fox jumps"]);
    expect(server().connections).toEqual([String(cursor)]);
    expect(tab.statuses).toEqual(["streaming", "ready"]);
    expect(tab.ends).toMatchObject([{ messageId: "a1", failed: false, cutIds: [] }]);
    expect(tab.foreign).toBe(0);
    const lengths = tab.shown.map((text) => text.length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    for (const text of tab.shown) expect(text).toContain("The quick brown ");
  });

  it("passes over what its writer has written again since it was rendered", async () => {
    const { partial, handle } = await rendered([...start("a1"), ...words("The quick ", "brown ")]);
    const newest = server().newest(2);
    const tab = open({
      messages: [user("u1", "now"), partial],
      handle: { ...handle, newest },
      status: "streaming",
    });
    server().repeat(2);
    server().write(delta("fox"), ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: The quick brown fox"]);
  });

  it("ends on the message that a page has which saw it all, reasoning and half-written calls included", async () => {
    const call = { toolCallId: "t1", toolName: "currentTime" };
    const whole: ScriptedRecord[] = [
      ...start("a1"),
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-delta", id: "0", delta: "Let me " },
      { type: "reasoning-delta", id: "0", delta: "look." },
      { type: "reasoning-end", id: "0" },
      { type: "tool-input-start", ...call },
      { type: "tool-input-delta", toolCallId: "t1", inputTextDelta: '{"a":' },
      { type: "tool-input-delta", toolCallId: "t1", inputTextDelta: "1}" },
      { type: "tool-input-available", ...call, input: { a: 1 } },
      { type: "tool-output-available", toolCallId: "t1", output: "noon" },
      { type: "finish-step" },
      { type: "start-step" },
      ...words("It is ", "noon."),
      ...finish,
    ];
    const expected = await foldChunks(whole as UIMessageChunk[]);
    for (const cut of [3, 4, 7, 9, 10, 12, 14]) {
      const begun = await rendered(whole.slice(0, cut));
      const tab = open({ messages: [user("u1", "now"), begun.partial], handle: begun.handle });
      server().write(...whole.slice(cut), turnComplete(1));
      await tab.until("ready");
      expect(JSON.parse(JSON.stringify(tab.chat.messages[1])), `cut after ${cut}`).toEqual(expected);
      tab.close();
    }
  });

  it("shows what React mounts twice once, over one connection", async () => {
    const { partial, handle, cursor } = await rendered([...start("a1"), ...words("once")]);
    const tab = open({ messages: [user("u1", "now"), partial], handle });
    tab.close();
    const close = tab.chat.mount();
    server().write(delta(" only"), ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()[1]).toBe("assistant: once only");
    expect(server().connections).toEqual([String(cursor)]);
    close();
  });

  it("is ready when the answer ended between the loader and the first connection", async () => {
    const { partial, handle } = await rendered([...start("a1"), ...words("all but ")]);
    server().write(delta("the end"), ...finish, turnComplete(1), ...answer("a2", 2, "another's"));
    const tab = open({ messages: [user("u1", "now"), partial], handle, status: "streaming" });
    await tab.untilText("another's");
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: all but the end", "assistant: another's"]);
  });

  it("drops the partial when a run takes over and answers anew", async () => {
    const { partial, handle } = await rendered([...start("a1"), ...words("lost words")]);
    const tab = open({ messages: [user("u1", "now"), partial], handle, status: "streaming" });
    await eventually(() => server().openReaders === 1, { what: () => "connected" });
    expect(tab.lines()[1]).toBe("assistant: lost words");
    server().write(...start("a2"), ...words("anew"), ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: anew"]);
  });

  it("keeps the partial and goes on with the next message when a run takes over with two to answer", async () => {
    const { partial, handle } = await rendered([...start("a1"), ...words("kept words")], {
      activeInputSeq: 2,
      pending: [
        { messageId: "u1", seq: 1 },
        { messageId: "u2", seq: 2 },
      ],
    });
    const tab = open({ messages: [user("u1", "one"), partial, user("u2", "two")], handle });
    server().write(...start("a2"), ...words("next"), ...finish, turnComplete(2));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: kept words", "user: two", "assistant: next"]);
    expect(tab.ends.at(-1)?.cutIds).toEqual(["a1"]);
  });

  it("goes on with an answer that waited for the person, under its own id", async () => {
    const soFar = { toolCallId: "t1", toolName: "askUser" };
    const { partial, handle } = await rendered(
      [
        ...start("a1"),
        { type: "tool-input-available", ...soFar, input: {} },
        { type: "tool-output-available", toolCallId: "t1", output: "yes" },
        { type: "finish-step" },
        { type: "start-step" },
        ...words("Then "),
      ],
      { pending: [], activeInputSeq: 1 },
    );
    const tab = open({ messages: [user("u1", "now"), partial], handle, status: "streaming" });
    server().write(delta("so it is."), ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: Then so it is."]);
    expect(tab.chat.messages[1]?.parts.filter(({ type }) => type === "tool-askUser")).toHaveLength(1);
  });

  it("begins such an answer again from where it went on when its run dies and another takes over", async () => {
    const soFar: ScriptedRecord[] = [
      ...start("a1"),
      { type: "tool-input-available", toolCallId: "t1", toolName: "askUser", input: {} },
      { type: "tool-output-available", toolCallId: "t1", output: "yes" },
      { type: "finish-step" },
      { type: "start-step" },
    ];
    const lost = [...soFar, ...words("Then a long beginning that is lost")];
    const { partial, handle } = await rendered(lost, { pending: [], activeInputSeq: 1 });
    const tab = open({ messages: [user("u1", "now"), partial], handle, status: "streaming" });
    const live = open({
      messages: [user("u1", "now")],
      handle: { ...handle, open: null },
      status: "streaming",
    });
    for (const each of [tab, live]) await each.untilText("is lost");
    server().write(...soFar, ...words("So be it."), ...finish, turnComplete(1));
    for (const each of [tab, live]) {
      await each.until("ready");
      expect(each.lines()).toEqual(["user: now", "assistant: So be it."]);
      expect(each.chat.messages[1]?.parts.filter(({ type }) => type === "tool-askUser")).toHaveLength(1);
    }
  });

  it("asks for the stored answer when what it has not read was trimmed meanwhile", async () => {
    const { partial, handle, cursor } = await rendered([...start("a1"), ...words("half ")]);
    server().write(delta("and half"), ...finish, turnComplete(1));
    const end = server().write(...answer("a2", 2, "another's"));
    server().trimBefore(cursor + 5);
    const tab = open({ messages: [user("u1", "now"), partial], handle, status: "streaming" });
    await tab.untilText("another's");
    await eventually(() => tab.foreign > 0, { what: () => "asked for the history" });
    const stored = [user("u1", "now"), assistant("a1", "half and half"), user("u2", "?")];
    tab.chat.adopt([...stored, assistant("a2", "another's")], {
      ...handle,
      open: null,
      pending: [],
      activeInputSeq: null,
      lastEventId: String(end),
    });
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: half and half", "user: ?", "assistant: another's"]);
  });

  it("reads the turn from its beginning when the answer in the page is not the outline's", async () => {
    const stored = server().write(...answer("a0", 0, "then"));
    const { handle } = await rendered([...start("a1"), ...words("so ")], { lastEventId: String(stored) });
    const tab = open({ messages: [user("u1", "now")], handle, status: "streaming" });
    server().write(delta("far"), ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.chat.messages.map(textOf)).toEqual(["now", "so far"]);
    expect(server().connections).toEqual([String(stored)]);
  });

  it("takes in a newer history in mid-answer without losing or doubling what it has", async () => {
    const { partial, handle, cursor } = await rendered([...start("a1"), ...words("one ")]);
    const tab = open({ messages: [user("u1", "now"), partial], handle, status: "streaming" });
    server().write(delta("two "));
    await tab.untilText("two");
    // Read by the server before the page had its own second word.
    tab.chat.adopt([user("u1", "now"), { ...partial }], { ...handle });
    expect(tab.lines()[1]).toBe("assistant: one two ");
    server().write(delta("three"), ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()[1]).toBe("assistant: one two three");
    expect(server().connections).toEqual([String(cursor)]);
  });
});
