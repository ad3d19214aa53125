import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { subscribe } from "../support/sse-client.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { triggerUnderTest, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest;
let client: ReturnType<typeof triggerClient>;
beforeAll(async () => {
  trigger = await triggerUnderTest();
  client = triggerClient(trigger);
});
afterAll(() => trigger.stop());

const read = (id: string, io: string, headers: Record<string, string> = {}) =>
  subscribe(new URL(`/realtime/v1/sessions/${id}/${io}`, trigger.url), trigger.key, headers);
const quiet = async (count: number) => {
  const { chatId } = await client.createSession();
  for (let i = 0; i < count; i++) await client.append(chatId, `r${i}`, { path: "out" });
  return chatId;
};

describe("the settled peek", () => {
  const peek = (id: string, headers: Record<string, string> = {}) =>
    read(id, "out", { "x-peek-settled": "1", "timeout-seconds": "1", ...headers });
  const turnComplete: [string, string][] = [["trigger-control", "turn-complete"]];
  const trim: [string, string][] = [["", "trim"]];

  async function chatEndingIn(...headers: [string, string][][]) {
    const chatId = await quiet(1);
    for (const list of headers) {
      await trigger.local?.query(
        "select * from local_trigger.append_records($1, '{\"\"}', array[$2::jsonb], '{null}', null, 1000)",
        [`sessions/${chatId}/out`, JSON.stringify(list)],
      );
    }
    return chatId;
  }

  it.each([
    ["a turn-complete", [turnComplete]],
    ["a turn-complete and its trim", [turnComplete, trim]],
  ])("closes at once, and says so, after %s", async (_, headers) => {
    if (!trigger.local) return;
    const began = Date.now();
    const stream = await peek(await chatEndingIn(...headers), { "timeout-seconds": "60" });
    expect(stream.headers.get("x-session-settled")).toBe("true");
    const { records, done } = await stream.rest();
    expect(records).toHaveLength(1 + headers.length);
    expect(done).toBe(true);
    expect(Date.now() - began).toBeLessThan(30_000);
  });

  it.each([
    ["nothing at all", null],
    ["a chunk", []],
    ["a trim after a chunk", [trim]],
    ["a turn-complete with two trims", [turnComplete, trim, trim]],
    ["an upgrade-required", [turnComplete, [["trigger-control", "upgrade-required"]] as [string, string][]]],
  ])("waits as usual after %s", async (_, headers) => {
    if (!trigger.local) return;
    const stream = await peek(headers ? await chatEndingIn(...headers) : await quiet(0));
    expect(stream.headers.get("x-session-settled")).toBeNull();
    stream.close();
  });

  it("is not done without the header, nor on .in", async () => {
    if (!trigger.local) return;
    const chatId = await chatEndingIn(turnComplete);
    const plain = await read(chatId, "out");
    expect(plain.headers.get("x-session-settled")).toBeNull();
    plain.close();
    const input = await read(chatId, "in", { "x-peek-settled": "1" });
    expect(input.headers.get("x-session-settled")).toBeNull();
    input.close();
  });

  it("sends only what comes after Last-Event-ID before it closes", async () => {
    if (!trigger.local) return;
    const stream = await peek(await chatEndingIn(turnComplete), { "last-event-id": "1" });
    expect(await stream.rest()).toEqual({ records: [], done: true });
  });
});

describe("reading records", () => {
  it("leaves commands out, keeps control records with empty data, and starts after a number", async () => {
    if (!trigger.local) return;
    const { chatId } = await client.createSession();
    const insert = (body: string, headers: [string, string][]) =>
      trigger.local!.query(
        "select * from local_trigger.append_records($1, array[$2], array[$3::jsonb], '{null}', null, 1000)",
        [`sessions/${chatId}/out`, body, JSON.stringify(headers)],
      );
    await insert('{"data":{"type":"text-delta"},"id":"abc"}', []);
    await insert("", [["trigger-control", "turn-complete"]]);
    await insert("", [["", "trim"]]);
    const all = (await client.records(chatId, "out")).body.records;
    expect(all).toEqual([
      { data: { type: "text-delta" }, id: "abc", seqNum: 0 },
      { data: "", id: "", seqNum: 1, headers: [["trigger-control", "turn-complete"]] },
    ]);
    expect((await client.records(chatId, "out", 0)).body.records.map((r) => r.seqNum)).toEqual([1]);
    expect((await client.records(chatId, "out", 77)).body.records).toEqual([]);
  });
});
