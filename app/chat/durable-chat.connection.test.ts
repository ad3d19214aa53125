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

describe("the session", () => {
  it("closed by the agent ends the chat, with the reason", async () => {
    const tab = open({ messages: [user("u1", "one"), assistant("a1", "bye")] });
    server().write({
      control: [
        ["trigger-control", "session-closed"],
        ["session-closed-reason", "done"],
      ],
    });
    await eventually(() => tab.chat.facts.get().closed, { what: () => "closed" });
    expect(tab.chat.facts.get().closed).toEqual({ reason: "done" });
    expect(tab.chat.status).toBe("ready");
    await eventually(() => server().openReaders === 0 || server().connections.length === 1, {
      what: () => "quiet",
    });
  });

  it("closed within a turn shows that turn's answer first", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("bye"), ...finish, turnComplete(0, { "session-closed": "true" }));
    await eventually(() => tab.chat.facts.get().closed, { what: () => "closed" });
    expect(tab.lines()).toEqual(["user: one", "assistant: bye"]);
    expect(tab.chat.status).toBe("ready");
  });

  it("closed under a send keeps the text as failed", async () => {
    server().appendFaults.push({ status: 409, body: { code: "session_closed", closedReason: "deleted" } });
    const tab = open();
    await tab.chat.send("one");
    expect(tab.chat.facts.get().closed).toEqual({ reason: "deleted" });
    expect(tab.lines()).toEqual(["user: one"]);
    expect(Object.values(tab.chat.facts.get().delivery)).toEqual(["failed"]);
    expect(server().asked.filter((line) => line.endsWith("/append"))).toHaveLength(1);
  });

  it("that is not there is started once, and the append repeated", async () => {
    server().sessionExists = false;
    server().onInput = ({ seq }) => server().write(...answer("a1", seq, "hello"));
    const tab = open({ handle: handle({ publicAccessToken: null, runId: null }) });
    await pause(50);
    expect(server().asked).toEqual([]);
    await tab.chat.send("one");
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: hello"]);
    expect(server().asked.filter((line) => line.endsWith("/session"))).toHaveLength(1);
  });

  it("is not made anew by a page that only reads", async () => {
    server().validToken = "other";
    server().nextToken = null;
    open({ messages: [user("u1", "one"), assistant("a1", "x")] });
    await pause(100);
    expect(server().asked.some((line) => line.endsWith("/session"))).toBe(false);
  });
});

describe("a token that expired", () => {
  it("is renewed once for the append and the stream together", async () => {
    const tab = open();
    await eventually(() => server().connections.length === 1, { what: () => "connected" });
    server().validToken = server().nextToken = "token-2";
    server().dropReaders();
    server().onInput = ({ seq }) => server().write(...answer("a1", seq, "hello"));
    await tab.chat.send("one");
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: hello"]);
    expect(server().asked.filter((line) => line.endsWith("/token"))).toHaveLength(1);
  });

  it("in mid-stream does not show", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("a"));
    await tab.untilText("a1: a");
    server().validToken = server().nextToken = "token-2";
    server().dropReaders();
    await pause(20);
    server().write(delta("b"), ...finish, turnComplete(0));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: ab"]);
    expect(tab.statuses).toEqual(["ready", "submitted", "streaming", "ready"]);
  });

  it("is not replaced by one that a turn's end brings: the page asks for its own", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(
      ...start("a1"),
      ...words("a"),
      ...finish,
      turnComplete(0, { "public-access-token": "token-9" }),
    );
    await tab.until("ready");
    await tab.chat.send("two");
    expect(server().inputs).toHaveLength(2);
    expect(server().asked.some((line) => line.endsWith("/token"))).toBe(false);
  });

  it("of somebody who is signed out fails the send with a word that helps", async () => {
    server().validToken = "other";
    server().nextToken = null;
    const tab = open();
    await tab.chat.send("one");
    await tab.until("error");
    expect(tab.chat.error?.message).toContain("signed out");
    expect(tab.lines()).toEqual(["user: one"]);
  });
});

describe("the connection", () => {
  it("that dies says so only when the next one fails, too, and goes on at the very record", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("a"));
    await tab.untilText("a1: a");
    const comeBack = await server().goAway();
    await eventually(() => tab.chat.facts.get().connection === "unreachable", { what: () => "unreachable" });
    expect(tab.chat.status).toBe("streaming");
    await comeBack();
    server().write(delta("b"), ...finish, turnComplete(0));
    await tab.until("ready");
    expect(tab.chat.facts.get().connection).toBe("live");
    expect(tab.lines()).toEqual(["user: one", "assistant: ab"]);
  });

  it("that is a new one passes over what its writer has written again since, having lost the acknowledgement", async () => {
    const tab = open();
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("a ", "b ", "c "));
    await tab.untilText("a1: a b c");
    const comeBack = await server().goAway();
    await comeBack();
    // All of it had been stored, and read here; the writer does not know.
    server().repeat(2);
    server().write(delta("d"), ...finish, turnComplete(0));
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: a b c d"]);
  });

  it("of a hidden tab is let go when nothing is open, and taken up when it is shown", async () => {
    const tab = open();
    await eventually(() => server().openReaders === 1, { what: () => "connected" });
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("a"));
    await tab.untilText("a1: a");
    tab.page.isHidden = true;
    tab.page.listener?.onHidden();
    await pause(30);
    expect(server().openReaders).toBe(1);
    server().write(...finish, turnComplete(0));
    await tab.until("ready");
    await eventually(() => server().openReaders === 0, { what: () => "let go" });
    server().write(...answer("a2", 1, "while away"));
    await pause(30);
    expect(tab.lines()).toHaveLength(2);
    tab.page.isHidden = false;
    tab.page.listener?.onWake(false);
    await tab.untilText("while away");
    expect(server().connections).toHaveLength(2);
  });

  it("is made anew at once when the network is back or the page comes out of the cache", async () => {
    const tab = open();
    await eventually(() => server().openReaders === 1, { what: () => "connected" });
    tab.page.listener?.onOffline();
    expect(tab.chat.facts.get().connection).toBe("offline");
    tab.page.listener?.onWake(true);
    await eventually(() => server().connections.length === 2, { what: () => "a second connection" });
    await eventually(() => tab.chat.facts.get().connection === "live", { what: () => "live" });
    await eventually(() => server().openReaders === 1, { what: () => "only one left" });
  });

  it("on which nothing is heard, not even a ping, is given up", async () => {
    const tab = open({ timing: { firstDelayMs: 5, silenceMs: 120 } });
    await eventually(() => server().connections.length >= 2, { what: () => "a second connection" });
    server().pingEveryMs = 20;
    await tab.chat.send("one");
    server().write(...start("a1"), ...words("a"), ...finish, turnComplete(0));
    await tab.until("ready");
    await pause(200);
    const calm = server().connections.length;
    await pause(400);
    expect(server().connections.length).toBe(calm);
  });

  it("through a proxy that holds every answer back until it is complete still brings the answer", async () => {
    server().buffering = true;
    // Longer than the short windows in which the answer is asked for once the proxy is found out.
    const tab = open({ timing: { firstDelayMs: 5, silenceMs: 3_200 } });
    await tab.chat.send("one");
    server().write(...answer("a1", 0, "in one piece"));
    await tab.until("ready", 15_000);
    expect(tab.lines()).toEqual(["user: one", "assistant: in one piece"]);
  });

  it("refused for a while is not asked for in a hot loop", async () => {
    server().validToken = "other";
    server().nextToken = "also-wrong";
    open({ timing: { firstDelayMs: 50 } });
    await pause(400);
    expect(server().asked.length).toBeLessThan(12);
  });
});
