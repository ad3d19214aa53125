import { describe, expect, it } from "vitest";
import {
  answer,
  assistant,
  finish,
  handle,
  start,
  turnComplete,
  user,
  words,
} from "../../tests/support/chat-script.ts";
import { chatsOnServer } from "../../tests/support/chats-on-server.ts";
import { eventually } from "../../tests/support/eventually.ts";

const { server, open } = chatsOnServer();

describe("a page that was loaded in mid-turn", () => {
  const history = [user("u0", "before"), assistant("a0", "then"), user("u1", "now")];
  const pending = { isStreaming: true, activeInputSeq: 1, pending: [{ messageId: "u1", seq: 1 }] };

  it("replays the open turn from the cursor and goes on with it", async () => {
    const cursor = server().write(...answer("a0", 0, "then"));
    server().write(...start("a1"), ...words("so far "));
    const tab = open({ messages: history, handle: handle({ ...pending, lastEventId: String(cursor) }) });
    expect(tab.chat.status).toBe("submitted");
    await tab.untilText("so far");
    server().write({ type: "text-delta", id: "0", delta: "and on" }, ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: before", "assistant: then", "user: now", "assistant: so far and on"]);
    expect(server().connections).toEqual([String(cursor)]);
    expect(tab.foreign).toBe(0);
  });

  it("keeps the server's word that parts were seen, until it has read them itself", async () => {
    server().write(...start("a1"), ...words("so far"));
    const tab = open({ messages: [user("u1", "now")], handle: handle(pending), status: "streaming" });
    await tab.untilText("so far");
    server().write(...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.statuses).toEqual(["streaming", "ready"]);
  });

  it("waits for a message whose run has not begun, past boundaries of earlier turns", async () => {
    const cursor = server().write(...answer("a0", 0, "then"));
    const tab = open({ messages: history, handle: handle({ ...pending, lastEventId: String(cursor) }) });
    server().write(turnComplete(0));
    await eventually(() => server().openReaders === 1, { what: () => "connected" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tab.chat.status).toBe("submitted");
    server().write(...answer("a1", 1, "late"));
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: late");
  });

  it("shows a turn that had ended, but was not stored when the page was made", async () => {
    const cursor = server().write(...answer("a0", 0, "then"));
    server().write(...answer("a1", 1, "whole"));
    const tab = open({
      messages: history,
      handle: handle({ lastEventId: String(cursor), isStreaming: false, pending: pending.pending }),
    });
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: whole");
    expect(tab.lines()).toHaveLength(4);
  });

  it("shows no beginning of a run that died before an answer which the page holds already", async () => {
    const cursor = server().write(...answer("a0", 0, "then"));
    server().write(...start("dead"), ...words("half"), ...answer("a1", 1, "whole"));
    const tab = open({
      messages: [...history, assistant("a1", "whole")],
      handle: handle({ lastEventId: String(cursor), isStreaming: false, pending: [] }),
    });
    await eventually(() => tab.ends.length === 1, { what: () => "the turn is read" });
    expect(tab.lines().slice(2)).toEqual(["user: now", "assistant: whole"]);
  });

  it("leaves a partial that was stored where it is, before what the next run answered", async () => {
    const cursor = server().write(...answer("a0", 0, "then"));
    server().write(...start("kept"), ...words("half"), ...answer("a2", 2, "whole"));
    const stored = [assistant("kept", "half"), user("u2", "next"), assistant("a2", "whole")];
    const tab = open({
      messages: [...history, ...stored],
      handle: handle({ lastEventId: String(cursor), isStreaming: false, pending: [] }),
    });
    await eventually(() => tab.ends.length === 1, { what: () => "the turn is read" });
    expect(tab.lines().slice(3)).toEqual(["assistant: half", "user: next", "assistant: whole"]);
  });

  it("becomes ready when the loader believed in a turn that the server says is over", async () => {
    const cursor = server().write(...answer("a0", 0, "then"));
    const tab = open({
      messages: history.slice(0, 2),
      handle: handle({ isStreaming: true, lastEventId: String(cursor) }),
    });
    expect(tab.chat.status).toBe("submitted");
    await tab.until("ready");
    // The peek closed; the page goes on listening.
    await eventually(() => server().openReaders === 1, { what: () => "connected again" });
    server().write(...answer("a9", 1, "by another tab"));
    await tab.untilText("by another tab");
  });

  it("opens one connection and shows everything once when React mounts it twice", async () => {
    const cursor = server().write(...answer("a0", 0, "then"));
    server().write(...start("a1"), ...words("once"));
    const tab = open({ messages: history, handle: handle({ ...pending, lastEventId: String(cursor) }) });
    tab.close();
    const close = tab.chat.mount();
    await tab.untilText("once");
    server().write(...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: once");
    expect(server().connections).toHaveLength(1);
    close();
  });

  it("goes on where it was when it is unmounted in mid-turn and mounted again", async () => {
    server().write(...start("a1"), ...words("a"));
    const tab = open({ messages: history.slice(2), handle: handle(pending) });
    await tab.untilText("a1: a");
    tab.close();
    server().write({ type: "text-delta", id: "0", delta: "b" });
    await eventually(() => server().openReaders === 0, { what: () => "let go" });
    const close = tab.chat.mount();
    await tab.untilText("a1: ab");
    close();
  });

  it("never shortens an answer that the first HTML had in part, while it catches up", async () => {
    server().write(...start("a1"), ...words("The ", "quick ", "brown ", "fox "));
    const tab = open({
      messages: [user("u1", "now"), assistant("a1", "The quick brown ")],
      handle: handle(pending),
    });
    await tab.untilText("fox");
    server().write({ type: "text-delta", id: "0", delta: "jumps" }, ...finish, turnComplete(1));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: The quick brown fox jumps"]);
    for (const text of tab.shown) expect(text).toContain("The quick brown ");
  });

  it("goes on with a tool call that the first HTML had half written, and does not double it", async () => {
    const call = { toolCallId: "t1", toolName: "currentTime" };
    server().write(...start("a1"), { type: "tool-input-start", ...call });
    const half = {
      type: "tool-currentTime",
      toolCallId: "t1",
      state: "input-streaming",
      input: undefined,
    } as const;
    const tab = open({
      messages: [user("u1", "now"), { id: "a1", role: "assistant", parts: [{ type: "step-start" }, half] }],
      handle: handle(pending),
    });
    await eventually(() => tab.ends.length === 0 && server().openReaders === 1, { what: () => "connected" });
    server().write(
      { type: "tool-input-available", ...call, input: {} },
      { type: "tool-output-available", toolCallId: "t1", output: "noon" },
      ...words("Noon."),
      ...finish,
      turnComplete(1),
    );
    await tab.until("ready");
    expect(tab.chat.messages[1]?.parts.map((part) => part.type)).toEqual([
      "step-start",
      "tool-currentTime",
      "text",
    ]);
  });

  it("starts from the beginning with a bookmark that is no number", async () => {
    server().write(...answer("a1", 0, "all"));
    const tab = open({
      messages: [user("u1", "now")],
      handle: handle({ ...pending, lastEventId: "0,1,106" }),
    });
    await tab.untilText("a1: all");
    expect(server().connections[0]).toBeNull();
  });

  it("drops what goes on with a part whose beginning was trimmed, and shows the next turn", async () => {
    server().write({ type: "text-delta", id: "0", delta: "lost" }, ...finish, turnComplete(0));
    server().write(...answer("a1", 1, "whole"));
    const tab = open({ messages: [user("u1", "now")], handle: handle(pending) });
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: now", "assistant: whole"]);
  });
});

describe("a turn that this tab did not start", () => {
  const history = [user("u1", "mine"), assistant("a1", "yours")];

  it("asks for the message that it answers, and streams behind it", async () => {
    const cursor = server().write(...answer("a1", 0, "yours"));
    const at = handle({ lastEventId: String(cursor) });
    const tab = open({ messages: history, handle: at });
    server().write(...start("a2"), ...words("from "));
    await tab.untilText("from");
    expect(tab.foreign).toBe(1);
    tab.chat.adopt(
      [...history, user("u2", "theirs"), user("u3", "queued")],
      handle({
        lastEventId: String(cursor),
        isStreaming: true,
        activeInputSeq: 2,
        pending: [
          { messageId: "u2", seq: 1 },
          { messageId: "u3", seq: 2 },
        ],
      }),
    );
    expect(tab.lines().slice(2)).toEqual(["user: theirs", "assistant: from ", "user: queued"]);
    server().write({ type: "text-delta", id: "0", delta: "afar" }, ...finish, turnComplete(1));
    await tab.until("submitted");
    server().write(...answer("a3", 2, "queue done"));
    await tab.until("ready");
    expect(tab.lines().slice(2)).toEqual([
      "user: theirs",
      "assistant: from afar",
      "user: queued",
      "assistant: queue done",
    ]);
    expect(tab.ends.map((end) => end.foreign)).toEqual([true, true]);
  });

  it("is put before the own message that it overtook, as soon as that is known", async () => {
    server().write(...answer("a1", 0, "yours"));
    const tab = open({ messages: history, handle: handle() });
    server().inputs.push(
      { seq: 0, partId: "u1", body: { kind: "message" } },
      { seq: 1, partId: "theirs", body: { kind: "message" } },
    );
    await tab.chat.send("mine too");
    server().write(...answer("a2", 1, "for the other tab"));
    await tab.untilText("for the other tab");
    await tab.until("submitted");
    expect(tab.lines().slice(2)).toEqual(["assistant: for the other tab", "user: mine too"]);
    expect(tab.foreign).toBeGreaterThan(0);
    const own = tab.chat.messages.at(-1)?.id ?? "";
    tab.chat.adopt(
      [...history, user("u2", "theirs"), user(own, "mine too")],
      handle({ isStreaming: true, activeInputSeq: 2, pending: [{ messageId: own, seq: 2 }] }),
    );
    expect(tab.lines().slice(2)).toEqual(["user: theirs", "assistant: for the other tab", "user: mine too"]);
    server().write(...answer("a3", 2, "mine"));
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: mine");
  });
});

describe("a newer history from the loader", () => {
  it("replaces what is stored, keeps what is not stored yet, and drops what was taken away", async () => {
    const cursor = server().write(...answer("a1", 0, "first"));
    const tab = open({
      messages: [user("u1", "one"), assistant("a1", "first")],
      handle: handle({ lastEventId: String(cursor) }),
    });
    const before = tab.chat.messages[0];
    await tab.chat.send("two");
    const end = server().write(...answer("a2", 1, "second"));
    await tab.until("ready");
    const own = tab.chat.messages[2]?.id ?? "";
    // The database is one turn behind the stream: nothing that is on the page goes away.
    tab.chat.adopt(
      [user("u1", "one"), assistant("a1", "first")],
      handle({ lastEventId: String(cursor), pending: [{ messageId: own, seq: 1 }] }),
    );
    expect(tab.lines()).toEqual(["user: one", "assistant: first", "user: two", "assistant: second"]);
    expect(tab.chat.messages[0]).toBe(before);
    expect(tab.chat.status).toBe("ready");
    // Another tab took the second turn back.
    tab.chat.adopt([user("u1", "one"), assistant("a1", "first")], handle({ lastEventId: String(end + 1) }));
    expect(tab.lines()).toEqual(["user: one", "assistant: first"]);
  });

  it("moves the cursor of an idle page, so that stored turns are not read again", async () => {
    const tab = open({ messages: [], handle: handle() });
    tab.page.isHidden = true;
    tab.page.listener?.onHidden();
    await eventually(() => server().openReaders === 0, { what: () => "let go" });
    const cursor = server().write(...answer("a1", 0, "stored"));
    tab.page.isHidden = false;
    tab.chat.adopt([user("u1", "one"), assistant("a1", "stored")], handle({ lastEventId: String(cursor) }));
    tab.page.listener?.onWake(false);
    await eventually(() => server().openReaders === 1, { what: () => "connected" });
    expect(server().connections.at(-1)).toBe(String(cursor));
    expect(tab.ends).toEqual([]);
  });
});
