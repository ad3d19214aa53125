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
import { chatsOnServer, pause } from "../../tests/support/chats-on-server.ts";
import { eventually } from "../../tests/support/eventually.ts";

const { server, open } = chatsOnServer();
const delta = (text: string) => ({ type: "text-delta", id: "0", delta: text });

describe("a run that dies with its turn open", () => {
  it("and one message unanswered: the new answer takes the place of the dead one's partial", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("dead"), ...words("half an ans"));
    await tab.untilText("dead: half an ans");
    server().write(...answer("a1", 0, "the whole answer"));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: the whole answer"]);
    expect(tab.statuses).toEqual(["ready", "submitted", "streaming", "ready"]);
    for (const text of tab.shown) expect(text.split("assistant").length).toBeLessThan(3);
    expect(tab.ends).toHaveLength(1);
  });

  it("twice: only the last answer stays", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(
      ...start("dead1"),
      ...words("x"),
      ...start("dead2"),
      ...words("y"),
      ...answer("a1", 0, "z"),
    );
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: z"]);
  });

  it("and more messages unanswered: the partial stays with the first, the others are answered", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("kept"), ...words("half"));
    await tab.untilText("kept: half");
    await tab.chat.send("two");
    server().write(...answer("a2", 1, "two answered"));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: half", "user: two", "assistant: two answered"]);
    expect(tab.chat.messages[1]?.parts.at(-1)).toEqual({ type: "text", text: "half", state: "done" });
    expect(tab.ends.map((end) => end.cutIds)).toEqual([["kept"]]);
  });

  it("and a message sent only after the new run had begun: the partial goes after all", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("dead"), ...words("half"));
    await tab.untilText("dead: half");
    await tab.chat.send("two");
    server().write(...start("a1"), ...words("one answered"), ...finish, turnComplete(0));
    await tab.until("submitted");
    expect(tab.lines()).toEqual(["user: one", "assistant: one answered", "user: two"]);
    server().write(...answer("a2", 1, "two answered"));
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: two answered");
  });

  it("also when the page is loaded in between", async () => {
    server().write(...start("dead"), ...words("half"), ...start("a1"), ...words("who"));
    const tab = open({
      messages: [user("u1", "one")],
      handle: handle({ isStreaming: true, activeInputSeq: 0, pending: [{ messageId: "u1", seq: 0 }] }),
    });
    await tab.untilText("a1: who");
    server().write(delta("le"), ...finish, turnComplete(0));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: whole"]);
  });
});

describe("stop", () => {
  /** A page that has asked for the end of an answer, of which it shows "par". */
  const stopped = async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("par"));
    await tab.untilText("par");
    await tab.chat.requestStop();
    return tab;
  };

  it("is appended, the partial stays, and the next message is answered", async () => {
    server().onInput = ({ seq, body }) => {
      if (body.kind === "stop") server().write({ type: "abort" }, turnComplete(seq));
    };
    const tab = await stopped();
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: par"]);
    expect(tab.chat.messages[1]?.parts.at(-1)).toMatchObject({ state: "done" });
    expect(tab.ends.at(-1)?.cutIds).toEqual(["a1"]);
    expect(tab.chat.facts.get().stopping).toBe(false);
    server().onInput = ({ seq }) => server().write(...answer("a2", seq, "again"));
    await tab.chat.send("two");
    await tab.until("ready");
    expect(tab.lines().slice(2)).toEqual(["user: two", "assistant: again"]);
    expect(server().inputs.map((input) => input.body.kind)).toEqual(["message", "stop", "message"]);
  });

  it("works after a reload in mid-turn", async () => {
    server().inputs.push({ seq: 0, partId: "u1", body: { kind: "message" } });
    server().write(...start("a1"), ...words("par"));
    server().onInput = ({ seq }) => server().write(turnComplete(seq));
    const tab = open({
      messages: [user("u1", "one")],
      handle: handle({ isStreaming: true, activeInputSeq: 0, pending: [{ messageId: "u1", seq: 0 }] }),
    });
    await tab.untilText("par");
    await tab.chat.requestStop();
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: par"]);
  });

  it("is over after a while when nobody ends the turn, and what comes late of it is not shown", async () => {
    const tab = await stopped();
    expect(tab.chat.facts.get().stopping).toBe(true);
    await tab.until("ready");
    server().write(delta("late"), ...finish, turnComplete(1));
    server().onInput = ({ seq }) => server().write(...answer("a2", seq, "next"));
    await tab.chat.send("two");
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: par", "user: two", "assistant: next"]);
    expect(tab.chat.facts.get().stopping).toBe(false);
  });

  it("that no run has heard is still asked for after a reload, and given up once, whatever is read anew", async () => {
    server().inputs.push({ seq: 0, partId: "u1", body: { kind: "message" } });
    server().write(...start("a1"), ...words("par"));
    const waits = { isStreaming: true, activeInputSeq: 0, pending: [{ messageId: "u1", seq: 0 }] };
    const handed = handle({ ...waits, stopSeq: 1 });
    const tab = open({ messages: [user("u1", "one")], handle: handed, status: "streaming" });
    expect(tab.chat.facts.get().stopping).toBe(true);
    await tab.untilText("par");
    await tab.until("ready");
    expect(tab.chat.facts.get().stopping).toBe(false);
    tab.chat.adopt([user("u1", "one")], handed);
    expect(tab.chat.status).toBe("ready");
    server().write(turnComplete(0), ...answer("a2", 2, "another's"));
    await tab.untilText("another's");
    expect(tab.lines()).toEqual(["user: one", "assistant: par", "assistant: another's"]);
  });

  it("that was given up leaves nothing twice when a run comes and ends the answer under an id of its own", async () => {
    const tab = await stopped();
    await tab.until("ready");
    server().write(...start("a2"), ...words("par"), { type: "abort" }, turnComplete(0));
    await eventually(() => tab.ends.length === 2, { what: () => "the turn is read" });
    expect(tab.lines()).toEqual(["user: one", "assistant: par"]);
    expect(tab.chat.messages.at(-1)?.id).toBe("a2");
  });

  it("of an earlier answer is not taken for one of the next", async () => {
    const tab = open({
      messages: [user("u1", "one"), assistant("a1", "par"), user("u2", "two")],
      handle: handle({
        isStreaming: true,
        activeInputSeq: 2,
        pending: [{ messageId: "u2", seq: 2 }],
        stopSeq: 1,
      }),
    });
    expect(tab.chat.facts.get().stopping).toBe(false);
  });

  it("waits as long as the answer still grows", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("a"));
    await tab.untilText("a1: a");
    await tab.chat.requestStop();
    for (let i = 0; i < 5; i += 1) {
      await pause(100);
      server().write(delta("b"));
    }
    expect(tab.chat.status).toBe("streaming");
    server().write(turnComplete(1));
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: abbbbb");
  });

  it("at the instant of the finish leaves one end state", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("all"));
    await tab.untilText("all");
    const stopped = tab.chat.requestStop();
    server().write(...finish, turnComplete(0));
    await stopped;
    await tab.until("ready");
    await pause(400);
    expect(tab.chat.status).toBe("ready");
    expect(tab.chat.facts.get().stopping).toBe(false);
    expect(tab.lines()).toEqual(["user: one", "assistant: all"]);
    expect(tab.ends.map((end) => end.cutIds)).toEqual([[]]);
  });

  it("that cannot be sent can be asked for again", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().appendFaults.push(403, 403);
    await tab.chat.requestStop();
    expect(tab.chat.facts.get().stopping).toBe(false);
    expect(tab.chat.status).toBe("submitted");
    await tab.chat.requestStop();
    expect(tab.chat.facts.get().stopping).toBe(true);
  });
});

describe("a turn that fails", () => {
  it("shows the error and its partial; a retry answers anew without doubling anything", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("par"), { type: "error", errorText: "the model is gone" });
    await tab.until("error");
    expect(tab.chat.error?.message).toBe("the model is gone");
    expect(tab.lines()).toEqual(["user: one", "assistant: par"]);
    server().write({ type: "finish" }, turnComplete(0));
    await pause(30);
    expect(tab.chat.status).toBe("error");
    server().onInput = ({ seq, body }) => {
      const [asked] = tab.chat.messages;
      expect(body.payload).toMatchObject({
        trigger: "action",
        action: { type: "answer", messageId: asked?.id },
      });
      server().write(...answer("a2", seq, "better"));
    };
    await tab.chat.retry();
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: better"]);
    expect(tab.chat.error).toBeUndefined();
    expect(server().inputs[1]?.body.payload).not.toHaveProperty("message");
  });

  it("without any chunk before the error is shown, too, and the next message goes through", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write({ type: "error", errorText: "no database" }, turnComplete(0));
    await tab.until("error");
    server().onInput = ({ seq }) => server().write(...answer("a2", seq, "two"));
    await tab.chat.send("two");
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "user: two", "assistant: two"]);
  });

  it("without ever getting a boundary does not swallow the next one", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), { type: "error", errorText: "too large" });
    await tab.until("error");
    server().onInput = ({ seq }) => server().write(...answer("a2", seq, "fine"));
    await tab.chat.send("two");
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: fine");
  });

  it("keeps its partial when the retry cannot be sent", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("par"), { type: "error", errorText: "gone" }, turnComplete(0));
    await tab.until("error");
    server().appendFaults.push(400);
    await tab.chat.retry();
    await tab.until("error");
    expect(tab.lines()).toEqual(["user: one", "assistant: par"]);
    server().onInput = ({ seq }) => server().write(...answer("a2", seq, "now"));
    await tab.chat.retry();
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: now"]);
  });
});
