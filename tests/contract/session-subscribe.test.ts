import { randomUUID } from "node:crypto";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
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

const address = (id: string, io: string) =>
  new URL(`/realtime/v1/sessions/${encodeURIComponent(id)}/${io}`, trigger.url);
const read = (id: string, io: string, headers: Record<string, string> = {}) =>
  subscribe(address(id, io), trigger.key, headers);
const write = (id: string, text: string, path = "out") => client.append(id, text, { path });
/** A channel's stream, on which nothing but this test writes. */
const quiet = async (count: number) => {
  const { chatId } = await client.createSession();
  for (let i = 0; i < count; i++) await write(chatId, `r${i}`);
  return chatId;
};
const numbers = (records: { seq_num: number }[]) => records.map((record) => record.seq_num);

describe("subscribing", () => {
  it("answers as an event stream of version 2 with CORS, and sends batches with the tail", async () => {
    const chatId = await quiet(3);
    const stream = await read(chatId, "out", { "timeout-seconds": "1" });
    expect(stream.status).toBe(200);
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    expect(stream.headers.get("x-stream-version")).toBe("v2");
    expect(stream.headers.get("access-control-allow-origin")).toBe("*");
    expect(stream.headers.get("access-control-expose-headers")).toBe("*");
    expect(stream.headers.get("x-session-settled")).toBeNull();
    const event = await stream.next();
    expect(event?.event).toBe("batch");
    expect(event?.id).toMatch(/^0,2,\d+$/);
    const { records, tail } = JSON.parse(event?.data ?? "{}");
    expect(records[1]).toEqual({
      seq_num: 1,
      timestamp: expect.any(Number),
      body: expect.stringContaining('"data":"r1"'),
      headers: [],
    });
    expect(tail).toEqual({ seq_num: 3, timestamp: records[2].timestamp });
    stream.close();
  });

  it("ends with [DONE] when nothing came for the time asked for, which begins anew with each batch", async () => {
    const chatId = await quiet(0);
    const began = Date.now();
    const stream = await read(chatId, "out", { "timeout-seconds": "1" });
    setTimeout(() => void write(chatId, "late"), 700);
    const { records, done } = await stream.rest();
    expect(numbers(records)).toEqual([0]);
    expect(done).toBe(true);
    expect(Date.now() - began).toBeGreaterThan(1600);
  });

  it("delivers a record soon after its append, to every reader", async () => {
    const chatId = await quiet(0);
    const readers = await Promise.all(Array.from({ length: 5 }, () => read(chatId, "out")));
    await write(chatId, "x");
    const began = Date.now();
    for (const reader of readers) expect(numbers(await reader.records(1))).toEqual([0]);
    // Sooner than anything that only happens now and then: a ping is due every five seconds.
    expect(Date.now() - began).toBeLessThan(4_500);
    for (const reader of readers) reader.close();
  });

  it.each([
    ["none", undefined, [0, 1, 2, 3]],
    ["a number", "1", [2, 3]],
    ["the newest number", "3", []],
    ["a number beyond the tail", "900", []],
    ["the id line of an event", "0,1,106", [0, 1, 2, 3]],
    ["a negative number", "-5", [0, 1, 2, 3]],
    ["words", "abc", [0, 1, 2, 3]],
    ["a fraction", "1.5", [0, 1, 2, 3]],
    ["a number with more digits than a number has", "9".repeat(40), [0, 1, 2, 3]],
  ])("with %s as Last-Event-ID starts where it should, and goes on from there", async (_, id, expected) => {
    const chatId = await quiet(4);
    const stream = await read(chatId, "out", id === undefined ? {} : { "last-event-id": id });
    expect(numbers(await stream.records(expected.length))).toEqual(expected);
    await sleep(50);
    await write(chatId, "next");
    expect(numbers(await stream.records(1))).toEqual([4]);
    stream.close();
  });

  it.each(["0", "601", "10abc", "1.5", "-1", "abc", "1000"])(
    "refuses Timeout-Seconds %s with 400",
    async (value) => {
      const stream = await read(await quiet(0), "out", { "timeout-seconds": value });
      expect(stream.status).toBe(400);
      expect(stream.headers.get("access-control-allow-origin")).toBe("*");
    },
  );

  it("takes Timeout-Seconds 600", async () => {
    const stream = await read(await quiet(0), "out", { "timeout-seconds": "600" });
    expect(stream.status).toBe(200);
    stream.close();
  });

  it("starts at the newest record with X-Trigger-Stream-Start: latest, unless there is a Last-Event-ID", async () => {
    const chatId = await quiet(4);
    const latest = { "x-trigger-stream-start": "latest" };
    const stream = await read(chatId, "out", latest);
    expect(numbers(await stream.records(1))).toEqual([3]);
    stream.close();
    const resumed = await read(chatId, "out", { ...latest, "last-event-id": "0" });
    expect(numbers(await resumed.records(3))).toEqual([1, 2, 3]);
    resumed.close();
    const empty = await quiet(0);
    const early = await read(empty, "out", latest);
    await write(empty, "first");
    expect(numbers(await early.records(1))).toEqual([0]);
    early.close();
  });

  it("starts at the first record kept when the one asked for was trimmed", async () => {
    if (!trigger.local) return;
    const chatId = await quiet(5);
    await trigger.local.query(
      `delete from local_trigger.stream_records r using local_trigger.streams s
       where s.id = r.stream_id and s.name = $1 and r.seq < 3`,
      [`sessions/${chatId}/out`],
    );
    const stream = await read(chatId, "out", { "last-event-id": "0" });
    expect(numbers(await stream.records(2))).toEqual([3, 4]);
    stream.close();
  });

  it("may come before the session: the reader gets what is written later under that id", async () => {
    const chatId = randomUUID();
    const stream = await read(chatId, "out");
    expect(stream.status).toBe(200);
    expect((await client.records(chatId, "out")).body.records).toEqual([]);
    expect((await client.open(chatId, "out")).status).toBe(202);
    await client.createSession({ externalId: chatId });
    await write(chatId, "hello");
    expect((await stream.records(1))[0]?.body).toContain("hello");
    stream.close();
  });

  it("is 404 for a session_ id that is not there, on every address of it", async () => {
    for (const io of ["in", "out"]) {
      expect((await read("session_unknown", io)).status).toBe(404);
      expect((await client.records("session_unknown", io)).status).toBe(404);
      expect((await client.open("session_unknown", io)).status).toBe(404);
      expect((await client.call("HEAD", `/realtime/v1/sessions/session_unknown/${io}`)).status).toBe(404);
    }
  });

  it("reads the same stream under both ids of a session, also .in and named channels", async () => {
    const { chatId, body } = await client.createSession();
    await client.append(chatId, "a");
    await client.append(chatId, "b", { path: "channels/side/in" });
    for (const id of [chatId, body.id]) {
      for (const [io, text] of [
        ["in", "a"],
        ["channels/side/in", "b"],
      ] as const) {
        const stream = await read(id, io);
        expect((await stream.records(1))[0]?.body).toContain(`"data":"${text}"`);
        stream.close();
      }
    }
  });

  it("answers HEAD with 200 and X-Last-Chunk-Index 0", async () => {
    const { chatId, body } = await client.createSession();
    for (const as of [trigger.key, body.publicAccessToken]) {
      const reply = await client.call("HEAD", `/realtime/v1/sessions/${chatId}/out`, { as });
      expect(reply.status).toBe(200);
      expect(reply.headers.get("x-last-chunk-index")).toBe("0");
    }
  });

  it("cuts a long stream into batches of at most 500 records and about 256 KiB", async () => {
    if (!trigger.local) return;
    const chatId = await quiet(1);
    const fill = (count: number, size: number) =>
      trigger.local!.query(
        "select * from local_trigger.append_records($1, $2, array_fill('[]'::jsonb, array[$3::int]), array_fill(null::bigint, array[$3::int]), null, 1000)",
        [`sessions/${chatId}/out`, Array(count).fill("x".repeat(size)), count],
      );
    await fill(1200, 1);
    await fill(8, 200 * 1024);
    const stream = await read(chatId, "out", { "timeout-seconds": "1" });
    const sizes: number[] = [];
    let seen = 0;
    while (seen < 1209) {
      const event = await stream.next();
      if (event?.event !== "batch") continue;
      const { records } = JSON.parse(event.data);
      expect(records[0].seq_num).toBe(seen);
      sizes.push(records.length);
      seen += records.length;
      expect(records.length).toBeLessThanOrEqual(500);
      expect(event.data.length).toBeLessThan(600 * 1024);
    }
    expect(sizes.slice(0, 2)).toEqual([500, 500]);
    stream.close();
  });

  it("pings within some seconds while nothing happens", async () => {
    const stream = await read(await quiet(0), "out");
    const event = await stream.next();
    expect(event?.event).toBe("ping");
    expect(JSON.parse(event?.data ?? "{}")).toEqual({
      timestamp: expect.any(Number),
      tail: { seq_num: 0, timestamp: 0 },
    });
    stream.close();
  });

  it("is not held up by a reader that does not read", async () => {
    const chatId = await quiet(0);
    const stalled = http.get(address(chatId, "out"), { headers: { authorization: `Bearer ${trigger.key}` } });
    const response = await new Promise<http.IncomingMessage>((resolve) => stalled.once("response", resolve));
    response.pause();
    for (let i = 0; i < 12; i++) await write(chatId, "x".repeat(1_000_000));
    const other = await read(chatId, "out", { "last-event-id": "10" });
    expect(numbers(await other.records(1))).toEqual([11]);
    other.close();
    let bytes = 0;
    response.on("data", (chunk: Buffer) => (bytes += chunk.length)).resume();
    await expect.poll(() => bytes, { timeout: 10_000 }).toBeGreaterThan(12_000_000);
    stalled.destroy();
  });
});
