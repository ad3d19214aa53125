import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  assistant,
  finish,
  handle,
  OpenChat,
  start,
  turnComplete,
  user,
  words,
} from "../support/chat-script.ts";
import { pause } from "../support/chats-on-server.ts";
import { eventually } from "../support/eventually.ts";
import type { ScriptedRecord } from "../support/out-server.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

// The page's own follower against local-trigger itself; what a run would write is written by the test.
let trigger: TriggerUnderTest & { local: LocalInside };
let client: ReturnType<typeof triggerClient>;
let opened: OpenChat[] = [];
beforeAll(async () => {
  trigger = await localUnderTest();
  client = triggerClient(trigger);
});
afterEach(() => {
  for (const tab of opened) tab.close();
  opened = [];
});
afterAll(() => trigger.stop());

const scopes = (chatId: string) => [`read:sessions:${chatId}`, `write:sessions:${chatId}`];

/** A session, a writer of its `.out`, and a way to open the page on it. `renewed` counts the tokens it asked for. */
async function chat() {
  const { chatId, body } = await client.createSession();
  const { headers } = await client.open(chatId, "out");
  const name = encodeURIComponent(headers.get("x-s2-stream-name") ?? "");
  const address = `${headers.get("x-s2-endpoint")}/streams/${name}/records`;
  const counts = { renewed: 0, part: 0 };
  const write = async (...records: ScriptedRecord[]) => {
    const wire = records.map((record) => {
      if ("control" in record) {
        const headers = record.control as [string, string][];
        // The number up to which to trim, in eight bytes: here always the first answer's end.
        return { body: headers[0]?.[0] === "" ? "\0\0\0\0\0\0\0\b" : "", headers };
      }
      counts.part += 1;
      return { body: JSON.stringify({ data: record, id: `p${counts.part}` }), headers: [] };
    });
    const response = await fetch(address, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${headers.get("x-s2-access-token")}`,
      },
      body: JSON.stringify({ records: wire }),
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { start: { seq_num: number } }).start.seq_num + records.length - 1;
  };
  const fetcher: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    if (!url.endsWith(`/chats/${chatId}/token`)) return await fetch(input, init);
    counts.renewed += 1;
    return Response.json({ publicAccessToken: await trigger.token(scopes(chatId)) });
  };
  const open = (init: Partial<ConstructorParameters<typeof OpenChat>[1]> = {}) => {
    const given = { handle: handle({ publicAccessToken: body.publicAccessToken }), ...init };
    const tab = new OpenChat(trigger, { chatId, fetcher, ...given });
    opened.push(tab);
    return tab;
  };
  return { chatId, write, open, counts, token: body.publicAccessToken };
}

describe("the page's follower on local-trigger", () => {
  it("sends, is answered turn by turn, and reads on past trims", async () => {
    const { write, open, chatId } = await chat();
    const tab = open();
    await tab.chat.send("one");
    await tab.chat.send("two");
    const first = await write(...answer("a1", 0, "Answer ", "one"));
    await write(...answer("a2", 1, "Answer two"), { control: [["", "trim"]] });
    await tab.until("ready");
    expect(tab.lines()).toEqual(["user: one", "assistant: Answer one", "user: two", "assistant: Answer two"]);
    expect(tab.ends[0]?.lastEventId).toBe(String(first));
    const { body } = await client.records(chatId, "in");
    expect(body.records.map((record) => record.id)).toEqual(
      tab.chat.messages.filter((message) => message.role === "user").map((message) => message.id),
    );
  });

  it("goes on with the very next letter when the server is restarted in mid-turn", async () => {
    const { write, open } = await chat();
    const tab = open();
    await tab.chat.send("one");
    await write(...start("a1"), ...words("before "));
    await tab.untilText("before");
    await trigger.local.restart();
    await write({ type: "text-delta", id: "0", delta: "after" }, ...finish, turnComplete(0));
    await tab.until("ready", 10_000);
    expect(tab.lines()).toEqual(["user: one", "assistant: before after"]);
    expect(tab.statuses).toEqual(["ready", "submitted", "streaming", "ready"]);
  });

  it("sends while the server is away for a moment, once", async () => {
    const { write, open, chatId } = await chat();
    const tab = open({ timing: { firstDelayMs: 100 } });
    const restarted = trigger.local.restart();
    await Promise.all([tab.chat.send("one"), restarted]);
    await write(...answer("a1", 0, "here"));
    await tab.until("ready", 10_000);
    expect((await client.records(chatId, "in")).body.records).toHaveLength(1);
  });

  it("renews a token that expired, once for reading and sending", async () => {
    const { write, open, counts, chatId } = await chat();
    const expired = await trigger.token(scopes(chatId), -3_600);
    const tab = open({ handle: handle({ publicAccessToken: expired }) });
    await tab.chat.send("one");
    await write(...answer("a1", 0, "with a new one"));
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe("assistant: with a new one");
    expect(counts.renewed).toBe(1);
  });

  it("is told that no turn is open, and hears the next one", async () => {
    const { write, open, token } = await chat();
    const cursor = await write(...answer("a1", 0, "done"));
    const tab = open({
      messages: [user("u1", "one"), assistant("a1", "done")],
      handle: handle({ publicAccessToken: token, isStreaming: true, lastEventId: String(cursor) }),
    });
    expect(tab.chat.status).toBe("submitted");
    await tab.until("ready");
    await write(...answer("a2", 1, "of another tab"));
    await tab.untilText("of another tab");
    expect(tab.foreign).toBe(1);
  });

  it("learns with the next send that the session was closed", async () => {
    const { open, chatId } = await chat();
    const tab = open();
    await client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: { reason: "deleted" } });
    await tab.chat.send("too late");
    await eventually(() => tab.chat.facts.get().closed, { what: () => "closed" });
    expect(tab.chat.facts.get().closed).toEqual({ reason: "deleted" });
    expect(tab.lines()).toEqual(["user: too late"]);
  });

  it.each(["0,1,106", "-4", "99999"])("with the bookmark %s neither hangs nor fails", async (lastEventId) => {
    const { write, open, token } = await chat();
    const tab = open({ handle: handle({ publicAccessToken: token, lastEventId }) });
    await pause(50);
    await write(...answer("a1", 0, "heard"));
    await tab.untilText("heard");
  });
});
