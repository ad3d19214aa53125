import { describe, expect, it } from "vitest";
import { bytesField, MalformedMessage, readFields, varintField } from "./protobuf.ts";
import {
  appendAckJson,
  BatchTooLarge,
  decodeAppendInput,
  encodeAppendAck,
  parseJsonInput,
} from "./s2-append.ts";
import { errorFrame, frame, FrameReader } from "./s2s-frames.ts";

const header = (name: string, value: Buffer | string) =>
  bytesField(2, Buffer.concat([bytesField(1, Buffer.from(name)), bytesField(2, Buffer.from(value))]));
const record = (body: Buffer | string, ...headers: Buffer[]) =>
  bytesField(
    1,
    Buffer.concat([varintField(1, 1_700_000_000_000), ...headers, bytesField(3, Buffer.from(body))]),
  );
const point = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};

describe("S2 appends", () => {
  it("are read from protobuf with text, headers and order", () => {
    const message = Buffer.concat([
      record('{"é":"🙂"}'),
      record("", header("trigger-control", "turn-complete")),
    ]);
    expect(decodeAppendInput(message)).toEqual({
      conditional: false,
      records: [
        { body: '{"é":"🙂"}', headers: [] },
        { body: "", headers: [["trigger-control", "turn-complete"]] },
      ],
    });
  });

  it("read a trim command's point from its 8 bytes, the greatest numbers too", () => {
    const trim = (value: bigint) => decodeAppendInput(record(point(value), header("", "trim"))).records[0];
    expect(trim(77n)).toEqual({ body: "", headers: [["", "trim"]], trimTo: 77 });
    expect(trim(2n ** 64n - 1n)?.trimTo).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("are read from JSON, plain and base64", () => {
    const plain = JSON.stringify({ records: [{ body: "x", headers: [["a", "b"]] }, {}] });
    expect(parseJsonInput(plain, false).records).toEqual([
      { body: "x", headers: [["a", "b"]] },
      { body: "", headers: [] },
    ]);
    const b64 = (value: string | Buffer) => Buffer.from(value).toString("base64");
    const encoded = JSON.stringify({ records: [{ body: b64(point(5n)), headers: [["", b64("trim")]] }] });
    expect(parseJsonInput(encoded, true).records).toEqual([{ body: "", headers: [["", "trim"]], trimTo: 5 }]);
  });

  it.each([
    ["cut in a field", Buffer.from([0x0a, 0x05, 1])],
    ["cut in a number", Buffer.from([0x0a, 0xff])],
    ["an endless number", Buffer.alloc(12, 0xff)],
    ["an unknown wire type", Buffer.from([0x0d, 1, 2, 3, 4])],
    ["no record", Buffer.alloc(0)],
    ["a fence command", record("token", header("", "fence"))],
    ["a trim of 3 bytes", record("abc", header("", "trim"))],
  ])("refuse protobuf with %s", (_, message) => {
    expect(() => decodeAppendInput(message)).toThrow(MalformedMessage);
  });

  it.each(["", "[]", "{}", '{"records":[]}', '{"records":[{"headers":[["a"]]}]}'])(
    "refuse the JSON %j",
    (text) => {
      expect(() => parseJsonInput(text, false)).toThrow(MalformedMessage);
    },
  );

  it("refuse a batch over S2's limits and take one exactly at them", () => {
    const most = 1024 * 1024 - 8;
    expect(decodeAppendInput(record("x".repeat(most))).records).toHaveLength(1);
    expect(() => decodeAppendInput(record("x".repeat(most + 1)))).toThrow(BatchTooLarge);
    expect(() => decodeAppendInput(Buffer.concat(Array(1001).fill(record("x"))))).toThrow(BatchTooLarge);
  });

  it("say when they are conditional", () => {
    expect(decodeAppendInput(Buffer.concat([record("x"), varintField(2, 7)])).conditional).toBe(true);
    expect(parseJsonInput('{"records":[{"body":""}],"match_seq_num":0}', false).conditional).toBe(true);
  });

  it("are acknowledged with start, exclusive end and tail, in both encodings", () => {
    const result = { first: 300, next: 302, timestamp: 1_700_000_000_123, duplicate: false };
    const end = { seq_num: 302, timestamp: 1_700_000_000_123 };
    expect(appendAckJson(result)).toEqual({ start: { ...end, seq_num: 300 }, end, tail: end });
    const fields = [...readFields(encodeAppendAck(result))].map(({ number, value }) => [
      number,
      [...readFields(value as Uint8Array)].map((field) => field.value),
    ]);
    expect(fields).toEqual([
      [1, [300n, 1_700_000_000_123n]],
      [2, [302n, 1_700_000_000_123n]],
      [3, [302n, 1_700_000_000_123n]],
    ]);
  });
});

describe("s2s frames", () => {
  const read = (chunks: Buffer[]) => {
    const reader = new FrameReader();
    return chunks.flatMap((chunk) =>
      [...reader.push(chunk)].map((f) => `${f.terminal}:${f.body.toString()}`),
    );
  };

  it("are cut right wherever the network cuts the bytes", () => {
    const bytes = Buffer.concat([
      frame(Buffer.from("one")),
      frame(Buffer.alloc(0)),
      frame(Buffer.from("three")),
    ]);
    for (let at = 0; at <= bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual([
        "false:one",
        "false:",
        "false:three",
      ]);
    }
    expect(read([...bytes].map((byte) => Buffer.from([byte])))).toHaveLength(3);
  });

  it("end with a terminal frame of status and error", () => {
    const [last] = read([errorFrame(409, { code: "c", message: "m" })]);
    expect(last).toBe(`true:\u0001\ufffd{"code":"c","message":"m"}`);
  });

  it("with compression, without a flag or of absurd length are refused", () => {
    for (const bytes of [
      Buffer.from([0, 0, 1, 0x20]),
      Buffer.from([0, 0, 0, 0]),
      Buffer.from([255, 255, 255, 0]),
    ]) {
      expect(() => read([bytes])).toThrow(MalformedMessage);
    }
  });
});
