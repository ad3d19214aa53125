import http2 from "node:http2";
import { AppendInput, AppendRecord, S2, type S2Stream } from "@s2-dev/streamstore";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { subscribe } from "../support/sse-client.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

// The data plane behind PUT .out is S2's own where the Trigger API is not ours.
let trigger: TriggerUnderTest & { local: LocalInside };
let client: ReturnType<typeof triggerClient>;
beforeAll(async () => {
  trigger = await localUnderTest();
  client = triggerClient(trigger);
});
afterAll(() => trigger.stop());

async function openOut() {
  const { chatId, body } = await client.createSession();
  const { status, headers, body: answer } = await client.open(chatId, "out");
  const header = (name: string) => headers.get(`x-s2-${name}`) ?? "";
  const [token, name, endpoint] = [header("access-token"), header("stream-name"), header("endpoint")];
  const s2 = new S2({ accessToken: token, endpoints: { account: endpoint, basin: endpoint } });
  const stream = s2.basin(header("basin")).stream(name);
  const address = `${endpoint}/streams/${encodeURIComponent(name)}/records`;
  return { chatId, sessionId: body.id, status, answer, header, token, address, stream };
}

const bodies = async (chatId: string) =>
  (await client.records(chatId, "out")).body.records.map(({ data, seqNum }) => [seqNum, data]);
const chunk = (data: unknown) => AppendRecord.string({ body: JSON.stringify({ data, id: "x" }) });

describe("opening .out for writing", () => {
  it("answers 202 with what the writer needs, the endpoint being the address it called", async () => {
    const { status, answer, header, token } = await openOut();
    expect(status).toBe(202);
    expect(answer).toEqual({ version: "v2" });
    expect(header("basin")).toMatch(/^[a-z0-9-]{8,48}$/);
    expect(header("endpoint")).toBe(`${trigger.url}/v1`);
    expect(Number(header("flush-interval-ms"))).toBeGreaterThan(0);
    expect(token).not.toBe("");
  });
});

describe("the S2 client of the SDK", () => {
  it("appends JSON, bytes and a trim, and gets the numbers back", async () => {
    const { chatId, stream } = await openOut();
    const first = await stream.append(AppendInput.create([chunk("a"), chunk("b")]));
    expect([first.start.seqNum, first.end.seqNum, first.tail.seqNum]).toEqual([0, 2, 2]);
    const control = AppendRecord.string({ body: "", headers: [["trigger-control", "turn-complete"]] });
    expect((await stream.append(AppendInput.create([control]))).start.seqNum).toBe(2);
    expect((await stream.append(AppendInput.create([AppendRecord.trim(2)]))).start.seqNum).toBe(3);
    expect(await bodies(chatId)).toEqual([
      [0, "a"],
      [1, "b"],
      [2, ""],
    ]);
    await expect.poll(() => bodies(chatId), { timeout: 5000 }).toEqual([[2, ""]]);
    expect((await stream.append(AppendInput.create([chunk("c")]))).start.seqNum).toBe(4);
  });

  it("streams over one HTTP/2 session, each frame acknowledged in order", async () => {
    const { chatId, stream } = await openOut();
    const acks = await streamRecords(stream, 30);
    expect(acks).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect((await bodies(chatId)).map(([, data]) => data)).toEqual(acks);
  });

  it("reaches a reader of the chat while it streams", async () => {
    const { chatId, stream } = await openOut();
    const reader = await subscribe(`${trigger.url}/realtime/v1/sessions/${chatId}/out`, trigger.key);
    const session = await stream.appendSession();
    await session.submit(AppendInput.create([chunk("live")]));
    expect((await reader.records(1))[0]?.body).toContain("live");
    reader.close();
    await session.close();
  });

  it("goes on with the right numbers when the server was restarted between two turns", async () => {
    const { chatId, stream } = await openOut();
    await streamRecords(stream, 5);
    await trigger.local.restart();
    const session = await stream.appendSession();
    const ticket = await session.submit(AppendInput.create([chunk("after")]));
    expect((await ticket.ack()).start.seqNum).toBe(5);
    await session.close();
    expect(await bodies(chatId)).toHaveLength(6);
  });

  it("is told why when the session was deleted, and brings nothing back", async () => {
    const { chatId, stream } = await openOut();
    await stream.append(AppendInput.create([chunk("a")]));
    await client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: { reason: "deleted" } });
    await expect(stream.append(AppendInput.create([chunk("b")]))).rejects.toMatchObject({ status: 409 });
    const session = await stream.appendSession();
    const ticket = await session.submit(AppendInput.create([chunk("c")]));
    await expect(ticket.ack()).rejects.toMatchObject({ status: 409 });
    expect(trigger.local.logged.join("\n")).toContain(`"event":"s2.session_failed","chatId":"${chatId}"`);
    const rows = await trigger.local.query("select * from local_trigger.streams where name like $1", [
      `%${chatId}%`,
    ]);
    expect(rows).toEqual([]);
  });
});

describe("the token of the data plane", () => {
  const record = { records: [{ body: '{"data":"x","id":"x"}' }] };

  it.each([
    ["no token", null, 401],
    ["the secret key", "secret", 403],
    ["another stream's token", "other", 403],
    ["a changed token", "changed", 403],
    ["nonsense", "nonsense", 403],
  ])("is needed on every encoding: %s", async (_, kind, expected) => {
    const [mine, other] = [await openOut(), await openOut()];
    const tokens = { secret: trigger.key, other: other.token, changed: `${mine.token}x`, nonsense: "a.b.c" };
    const as = kind === null ? null : tokens[kind as keyof typeof tokens];
    const headers: Record<string, string> = as === null ? {} : { authorization: `Bearer ${as}` };
    for (const type of ["application/json", "application/protobuf", "s2s/proto"]) {
      const response = await fetch(mine.address, {
        method: "POST",
        headers: { ...headers, "content-type": type },
        body: JSON.stringify(record),
      });
      expect(response.status).toBe(expected);
      expect(await response.json()).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    }
    expect(await h2Status(mine.address, headers)).toBe(expected);
    expect(await bodies(mine.chatId)).toEqual([]);
  });

  it("opens the stream with plain JSON too, and answers S2's own form of acknowledgement", async () => {
    const { address, token } = await openOut();
    const response = await fetch(address, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(record),
    });
    expect(await response.json()).toEqual({
      start: { seq_num: 0, timestamp: expect.any(Number) },
      end: { seq_num: 1, timestamp: expect.any(Number) },
      tail: { seq_num: 1, timestamp: expect.any(Number) },
    });
  });
});

describe("what is not served of S2", () => {
  it("answers 501 with a sentence that names where to read instead", async () => {
    const { address, token, stream } = await openOut();
    const headers = { authorization: `Bearer ${token}` };
    const streams = address.replace(/\/[^/]+\/records$/, "");
    for (const url of [address, `${address}/tail`, streams, streams.replace("streams", "basins")]) {
      const response = await fetch(url, { headers });
      expect([url, response.status]).toEqual([url, 501]);
      expect(await response.text()).toContain("read a stream below /realtime/v1");
    }
    await expect(stream.checkTail()).rejects.toMatchObject({ status: 501 });
  });
});

describe("bad appends", () => {
  it.each([
    ["JSON that is none", "application/json", "{", 400],
    ["protobuf that is none", "application/protobuf", "\u0001\u0002", 400],
    ["no record", "application/json", '{"records":[]}', 400],
    ["a condition", "application/json", '{"records":[{"body":"x"}],"match_seq_num":4}', 422],
    [
      "a batch over 1 MiB",
      "application/json",
      JSON.stringify({ records: [{ body: "x".repeat(1 << 20) }] }),
      413,
    ],
    ["a body over every limit", "application/json", "x".repeat(5 << 20), 413],
  ])("are refused: %s", async (_, type, body, expected) => {
    const { address, token, chatId } = await openOut();
    const headers = { authorization: `Bearer ${token}`, "content-type": type };
    const response = await fetch(address, { method: "POST", headers, body });
    expect(response.status).toBe(expected);
    expect(await bodies(chatId)).toEqual([]);
  });

  it("in a streaming session end it with an error frame, and what came before is kept", async () => {
    const { address, token, chatId, stream } = await openOut();
    await stream.append(AppendInput.create([chunk("kept")]));
    const { status, bytes } = await h2Post(
      address,
      { authorization: `Bearer ${token}` },
      Buffer.from([0, 0, 2, 0, 0xff]),
    );
    expect(status).toBe(200);
    expect(bytes[3]).toBe(0x80);
    expect(bytes.readUInt16BE(4)).toBe(400);
    expect(JSON.parse(bytes.subarray(6).toString())).toMatchObject({ code: "invalid" });
    expect(await bodies(chatId)).toEqual([[0, "kept"]]);
  });
});

async function streamRecords(stream: S2Stream, count: number): Promise<number[]> {
  const session = await stream.appendSession();
  const tickets = [];
  for (let i = 0; i < count; i++) tickets.push(await session.submit(AppendInput.create([chunk(i)])));
  const acks = await Promise.all(tickets.map(async (ticket) => (await ticket.ack()).start.seqNum));
  await session.close();
  return acks;
}

async function h2Status(address: string, headers: Record<string, string>): Promise<number> {
  return (await h2Post(address, headers, Buffer.alloc(0))).status;
}

async function h2Post(address: string, headers: Record<string, string>, body: Buffer) {
  const url = new URL(address);
  const session = http2.connect(url.origin);
  const stream = session.request({
    ":method": "POST",
    ":path": url.pathname,
    "content-type": "s2s/proto",
    ...headers,
  });
  const status = new Promise<number>((resolve) =>
    stream.once("response", (h) => resolve(Number(h[":status"]))),
  );
  stream.end(body);
  const chunks: Buffer[] = [];
  for await (const part of stream) chunks.push(part as Buffer);
  session.close();
  return { status: await status, bytes: Buffer.concat(chunks) };
}
