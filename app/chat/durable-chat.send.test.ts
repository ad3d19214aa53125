import { describe, expect, it } from "vitest";
import {
  answer,
  assistant,
  CHAT_ID,
  finish,
  handle,
  start,
  turnComplete,
  words,
} from "../../tests/support/chat-script.ts";
import { chatsOnServer } from "../../tests/support/chats-on-server.ts";

const { server, open } = chatsOnServer();

describe("a message of this tab", () => {
  it("is appended in the SDK's wire format under its own id, and answered as a message of its own", async () => {
    server().onInput = ({ seq }) => server().write(...answer("a1", seq, "Hel", "lo"));
    const tab = open();
    await tab.chat.send("Hi");
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: Hi", "assistant: Hello"]);
    expect(tab.statuses).toEqual(["ready", "submitted", "streaming", "ready"]);
    const id = tab.chat.messages[0]?.id;
    expect(server().inputs).toEqual([
      {
        seq: 0,
        partId: id,
        body: {
          kind: "message",
          payload: {
            chatId: CHAT_ID,
            trigger: "submit-message",
            message: { id, role: "user", parts: [{ type: "text", text: "Hi" }] },
          },
        },
      },
    ]);
    expect(tab.foreign).toBe(0);
    expect(tab.ends).toEqual([
      { lastEventId: "8", messageId: "a1", foreign: false, failed: false, cutIds: [] },
    ]);
  });

  it("waits as submitted until the first part, then streams", async () => {
    const tab = open();
    await tab.chat.send("Hi");
    server().write(...start("a1"));
    await tab.untilText("a1:");
    expect(tab.chat.status).toBe("submitted");
    server().write(...words("x"));
    await tab.until("streaming");
    server().write(...finish, turnComplete(0));
    await tab.until("ready");
  });

  it("is stored once when the acknowledgement is lost and the append is tried again", async () => {
    server().appendFaults.push("lost", 503, "refused");
    server().onInput = ({ seq }) => server().write(...answer("a1", seq, "ok"));
    const tab = open();
    await tab.chat.send("Hi");
    await tab.until("ready");
    expect(server().inputs).toHaveLength(1);
    expect(tab.lines()).toEqual(["user: Hi", "assistant: ok"]);
    expect(server().asked.filter((line) => line.endsWith("/append"))).toHaveLength(4);
  });

  it("stays in the page as failed when it cannot be sent, and a retry sends it under the same id", async () => {
    server().appendFaults.push(...Array.from({ length: 6 }, () => "refused" as const));
    const tab = open();
    await tab.chat.send("Keep me");
    await tab.until("error");
    const id = tab.chat.messages[0]?.id ?? "";
    expect(tab.lines()).toEqual(["user: Keep me"]);
    expect(tab.chat.facts.get().delivery).toEqual({ [id]: "failed" });
    expect(tab.chat.error?.message).toContain("could not be sent");
    server().onInput = ({ seq }) => server().write(...answer("a1", seq, "got it"));
    await tab.chat.retry();
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: Keep me", "assistant: got it"]);
    expect(server().inputs.map((input) => input.partId)).toEqual([id]);
    expect(tab.chat.facts.get().delivery).toEqual({});
  });

  it("has not failed when it was stored and only its acknowledgement was lost, whichever is heard first", async () => {
    for (const first of ["the failure", "the history"]) {
      const faults = server().appendFaults;
      faults.push("lost", ...Array.from({ length: 5 }, () => "refused" as const));
      const tab = open();
      const sent = tab.chat.send("Keep me");
      await expect.poll(() => tab.chat.messages.length).toBe(1);
      const [message] = tab.chat.messages;
      if (first === "the failure") await tab.until("error");
      tab.chat.adopt(message ? [message, assistant("a1", "got it")] : [], handle({ lastEventId: "8" }));
      await sent;
      await tab.until("ready");
      expect(tab.lines()).toEqual(["user: Keep me", "assistant: got it"]);
      expect(tab.chat.facts.get().delivery).toEqual({});
      tab.close();
    }
  });

  it("does not disturb the answer that streams when it fails, and is shown as failed at once", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("first "));
    await tab.until("streaming");
    server().appendFaults.push(413);
    await tab.chat.send("two");
    const second = tab.chat.messages.at(-1)?.id ?? "";
    expect(tab.chat.facts.get().delivery).toEqual({ [second]: "failed" });
    expect(tab.chat.status).toBe("streaming");
    server().write({ type: "text-delta", id: "0", delta: "answer" }, ...finish, turnComplete(0));
    await tab.until("error");
    expect(tab.lines()).toEqual(["user: one", "assistant: first answer", "user: two"]);
    expect(tab.chat.error?.message).toContain("too long");
  });

  it("may be sent while an answer streams, and each gets its own answer behind it", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("1a "));
    await tab.until("streaming");
    await tab.chat.send("two");
    await tab.chat.send("three");
    expect(tab.chat.status).toBe("streaming");
    server().write({ type: "text-delta", id: "0", delta: "1b" }, ...finish, turnComplete(0));
    await tab.until("submitted");
    expect(tab.lines()).toEqual(["user: one", "assistant: 1a 1b", "user: two", "user: three"]);
    server().write(...answer("a2", 1, "2"), ...answer("a3", 2, "3"));
    await tab.until("ready");
    expect(tab.lines()).toEqual([
      "user: one",
      "assistant: 1a 1b",
      "user: two",
      "assistant: 2",
      "user: three",
      "assistant: 3",
    ]);
    expect(tab.foreign).toBe(0);
  });

  it("keeps the order of two sends of which the first has to be tried again", async () => {
    server().appendFaults.push(503);
    const tab = open();
    await Promise.all([tab.chat.send("one"), tab.chat.send("two")]);
    expect(server().inputs.map((input) => input.body.payload?.message?.parts[0]?.text)).toEqual([
      "one",
      "two",
    ]);
  });

  it("shows U+0000 as it will be stored", async () => {
    const tab = open();
    await tab.chat.send("a\u0000b");
    expect(tab.lines()).toEqual(["user: a\uFFFDb"]);
  });
});
