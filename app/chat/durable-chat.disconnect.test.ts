import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  answer,
  finish,
  handle,
  OpenChat,
  start,
  turnComplete,
  user,
  words,
} from "../../tests/support/chat-script.ts";
import { eventually } from "../../tests/support/eventually.ts";
import { OutServer, type ScriptedRecord } from "../../tests/support/out-server.ts";

/** Two queued messages, a tool call, reasoning, a run that dies in between, an upgrade, letters of several bytes. */
const SCRIPT: ScriptedRecord[] = [
  ...start("a1"),
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "Let me " },
  { type: "reasoning-delta", id: "r", delta: "think." },
  { type: "reasoning-end", id: "r" },
  { type: "tool-input-start", toolCallId: "t1", toolName: "currentTime" },
  { type: "tool-input-delta", toolCallId: "t1", inputTextDelta: '{"timeZone"' },
  { type: "tool-input-delta", toolCallId: "t1", inputTextDelta: ':"UTC"}' },
  { type: "tool-input-available", toolCallId: "t1", toolName: "currentTime", input: { timeZone: "UTC" } },
  { type: "tool-output-available", toolCallId: "t1", output: { iso: "2026-01-01T00:00:00Z" } },
  { type: "finish-step" },
  { type: "start-step" },
  ...words("It is ", "noon, ", "“é”, 🙂", " and ", "that is ", "all."),
  ...finish,
  turnComplete(0),
  ...start("dead"),
  ...words("I was ", "about to "),
  { control: [["trigger-control", "upgrade-required"]] },
  ...start("a2"),
  ...words("Second ", "answer, ", "whole."),
  ...finish,
  turnComplete(1),
];

const EXPECTED = [
  "user: one",
  "assistant: It is noon, “é”, 🙂 and that is all.",
  "user: two",
  "assistant: Second answer, whole.",
];

const LOADED = {
  messages: [user("u1", "one"), user("u2", "two")],
  handle: handle({
    isStreaming: true,
    activeInputSeq: 1,
    pending: [
      { messageId: "u1", seq: 0 },
      { messageId: "u2", seq: 1 },
    ],
  }),
};

let server: OutServer;

beforeEach(async () => {
  server = await OutServer.start();
});

afterEach(async () => {
  await server.stop();
});

async function readThrough(tab: OpenChat, where: string): Promise<void> {
  await tab.until("ready").catch((error: unknown) => {
    throw new Error(`${where}: ${String(error)}`);
  });
  expect(tab.lines(), where).toEqual(EXPECTED);
  const tools = tab.chat.messages.flatMap((message) =>
    message.parts.filter((part) => part.type === "tool-currentTime"),
  );
  expect(tools, where).toHaveLength(1);
  expect(tools[0], where).toMatchObject({ state: "output-available", input: { timeZone: "UTC" } });
  expect(
    tab.statuses.filter((status) => status === "error"),
    where,
  ).toEqual([]);
  tab.close();
}

describe("a connection that breaks", () => {
  it(
    "behind any record, within a frame or after it, costs no letter and doubles none",
    { timeout: 90_000 },
    async () => {
      server.write(...SCRIPT);
      let cuts = 0;
      for (let afterRecords = 0; afterRecords <= SCRIPT.length; afterRecords += 1) {
        for (const insideFrame of [false, true]) {
          server.cuts.push({ afterRecords, insideFrame });
          server.connections.length = 0;
          await readThrough(
            new OpenChat(server, LOADED),
            `cut after ${afterRecords}, inside: ${insideFrame}`,
          );
          if (server.connections.length > 1) cuts += 1;
          server.cuts.length = 0;
        }
      }
      // Only the cut behind the last record does not need a second connection.
      expect(cuts).toBeGreaterThanOrEqual(2 * SCRIPT.length - 2);
    },
  );

  it(
    "again and again, at places and with batches drawn from a seed, still gives the whole text",
    { timeout: 90_000 },
    async () => {
      server.write(...SCRIPT);
      const next = random(20261122);
      for (let round = 0; round < 25; round += 1) {
        server.batchSize = 1 + next(7);
        for (let i = 0; i < 12; i += 1)
          server.cuts.push({ afterRecords: next(9), insideFrame: next(2) === 1 });
        await readThrough(new OpenChat(server, LOADED), `round ${round}`);
        server.cuts.length = 0;
      }
      expect(server.connections.length).toBeGreaterThan(100);
    },
  );

  it("while the answer is being written, at moments drawn from a seed, still gives the whole text", async () => {
    const next = random(7);
    const tab = new OpenChat(server, LOADED);
    let dropped = 0;
    for (const record of SCRIPT) {
      server.write(record);
      if (next(3) === 0) {
        dropped += server.openReaders;
        server.dropReaders();
      }
      await new Promise((resolve) => setTimeout(resolve, next(8)));
    }
    await readThrough(tab, "live");
    expect(dropped).toBeGreaterThan(3);
  });
});

describe("a page that is reloaded", () => {
  it("behind any record shows the same in the end", async () => {
    server.write(...SCRIPT);
    for (let afterRecords = 1; afterRecords < SCRIPT.length; afterRecords += 5) {
      server.cuts.push({ afterRecords, insideFrame: false });
      const before = new OpenChat(server, LOADED);
      await eventually(() => server.connections.length > 0, { what: () => "connected" });
      before.close();
      server.cuts.length = 0;
      await readThrough(new OpenChat(server, LOADED), `reload after ${afterRecords}`);
    }
  });

  it("fifty times at once shows every reader each word once", async () => {
    server.write(...SCRIPT);
    const tabs = Array.from({ length: 50 }, () => new OpenChat(server, LOADED));
    await Promise.all(tabs.map((tab, index) => readThrough(tab, `tab ${index}`)));
  });
});

describe("many small deltas", () => {
  it("update the page far less often than they arrive when they arrive together", async () => {
    const deltas = Array.from({ length: 2_000 }, (_, index) => `w${index} `);
    server.batchSize = 500;
    server.write(...answer("a1", 0, ...deltas));
    const tab = new OpenChat(server, {
      messages: [user("u1", "one")],
      handle: handle({ isStreaming: true, activeInputSeq: 0, pending: [{ messageId: "u1", seq: 0 }] }),
    });
    await tab.until("ready");
    expect(tab.lines().at(-1)).toBe(`assistant: ${deltas.join("")}`);
    expect(tab.shown.length).toBeLessThan(200);
    tab.close();
  });
});

/** A small generator of whole numbers below `n`, the same for the same seed. */
function random(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
