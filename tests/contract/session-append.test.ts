import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { triggerClient, userMessage } from "../support/trigger-client.ts";
import { triggerUnderTest, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest;
let client: ReturnType<typeof triggerClient>;
beforeAll(async () => {
  trigger = await triggerUnderTest();
  client = triggerClient(trigger);
});
afterAll(() => trigger.stop());

const maxBytes = 1_048_576;

describe("appending to .in", () => {
  it("answers the record's number, and keeps the posted text as it was, under the part id", async () => {
    const { chatId, body } = await client.createSession();
    const text = JSON.stringify(userMessage(chatId, "hello"), null, 2);
    expect(await client.append(chatId, text, { as: body.publicAccessToken, partId: "p-1" })).toMatchObject({
      status: 200,
      body: { ok: true, seq: 0 },
    });
    expect((await client.append(body.id, userMessage(chatId, "two"))).body.seq).toBe(1);
    const { records } = (await client.records(chatId, "in")).body;
    expect(records[0]).toEqual({ data: text, id: "p-1", seqNum: 0 });
    expect(records[1]?.id).not.toBe("");
  });

  it("stores a repeated part id once and answers the first number again, later and at the same moment", async () => {
    const { chatId } = await client.createSession();
    const send = (partId: string) => client.append(chatId, userMessage(chatId, "x"), { partId });
    expect((await send("a")).body.seq).toBe(0);
    expect((await send("b")).body.seq).toBe(1);
    expect((await send("a")).body.seq).toBe(0);
    const replies = await Promise.all(Array.from({ length: 10 }, () => send("c")));
    expect(new Set(replies.map((r) => r.body.seq))).toEqual(new Set([2]));
    expect((await client.records(chatId, "in")).body.records).toHaveLength(3);
  });

  it("takes a wrapped record of exactly 1 MiB and refuses one byte more with 413 and CORS", async () => {
    const { chatId, body } = await client.createSession();
    const send = (text: string) => client.append(chatId, text, { as: body.publicAccessToken, partId: "p" });
    const room = maxBytes - 8 - JSON.stringify({ data: "", id: "p" }).length;
    const refused = await send("x".repeat(room + 1));
    expect(refused.status).toBe(413);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect((await send("x".repeat(room))).status).toBe(200);
  });

  it("refuses 600 KiB of quotes, which wrap to more than 1 MiB, and a raw body of 1 MiB + 1", async () => {
    const { chatId, body } = await client.createSession();
    for (const text of ['"'.repeat(600 * 1024), "x".repeat(maxBytes + 1), "x".repeat(20 * maxBytes)]) {
      const reply = await client.append(chatId, text, { as: body.publicAccessToken });
      expect(reply.status).toBe(413);
      expect(reply.headers.get("access-control-allow-origin")).toBe("*");
    }
    expect((await client.records(chatId, "in")).body.records).toEqual([]);
  });

  it("refuses invalid UTF-8 and takes NUL, __proto__ and deep JSON as text", async () => {
    const { chatId } = await client.createSession();
    expect((await client.append(chatId, Buffer.from([0x22, 0xff, 0xfe, 0x22]))).status).toBe(400);
    const texts = [
      '{"a":"\\u0000"}',
      '{"__proto__":{"polluted":1}}',
      `${"[".repeat(5000)}${"]".repeat(5000)}`,
    ];
    for (const text of texts) expect((await client.append(chatId, text)).status).toBe(200);
    expect((await client.records(chatId, "in")).body.records.map((r) => r.data)).toEqual(texts);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("takes a webhook's actionSource out of what a browser sends, and touches nothing else", async () => {
    const { chatId, body } = await client.createSession();
    const forged = { kind: "message", payload: { chatId, actionSource: "webhook", kept: "actionSource" } };
    await client.append(chatId, forged, { as: body.publicAccessToken });
    await client.append(chatId, '{"kind":"note", "text":"actionSource"}', { as: body.publicAccessToken });
    await client.append(chatId, forged);
    const data = (await client.records(chatId, "in")).body.records.map((r) => r.data);
    expect(JSON.parse(String(data[0]))).toEqual({
      kind: "message",
      payload: { chatId, kept: "actionSource" },
    });
    expect(data[1]).toBe('{"kind":"note", "text":"actionSource"}');
    expect(JSON.parse(String(data[2]))).toEqual(forged);
  });

  it("is 404 without a session, by either form of id", async () => {
    expect((await client.append(randomUUID(), "x")).status).toBe(404);
    expect((await client.append("session_unknown", "x")).status).toBe(404);
  });
});

describe("appending elsewhere", () => {
  it("lets only the secret key write to .out", async () => {
    const { chatId, body } = await client.createSession();
    const all = await trigger.token(["write:sessions", "read:sessions", "admin"]);
    for (const as of [body.publicAccessToken, all]) {
      expect((await client.append(chatId, "x", { as, path: "out" })).status).toBe(403);
      expect((await client.open(chatId, "out", { as })).status).toBe(403);
    }
    expect((await client.append(chatId, "x", { path: "out" })).body).toEqual({ ok: true, seq: 0 });
    expect((await client.open(chatId, "out")).status).toBe(202);
  });

  it("keeps named channels apart from the chat and from each other, and never starts a run for them", async () => {
    if (!trigger.local) return;
    const { chatId, body } = await client.createSession();
    await trigger.local.query(
      "update local_trigger.runs set status = 'CRASHED', execution_status = 'FINISHED' where id = $1",
      [body.runId],
    );
    const send = (channel: string) =>
      client.append(chatId, `to ${channel}`, { path: `channels/${channel}/in` });
    expect((await send("one")).body.seq).toBe(0);
    expect((await send("one")).body.seq).toBe(1);
    expect((await send("two")).body.seq).toBe(0);
    const { records } = (await client.records(chatId, "channels/one/in")).body;
    expect(records.map((r) => r.data)).toEqual(["to one", "to one"]);
    expect((await client.records(chatId, "in")).body.records).toEqual([]);
    const { body: now } = await client.call("GET", `/api/v1/sessions/${chatId}`);
    expect(now["currentRunId"]).toBe(body.runId);
  });

  it("gives every session streams of its own, whatever characters its id has", async () => {
    const id = randomUUID();
    const evil = `${id}/channels/c`;
    await client.createSession({ externalId: id });
    await client.createSession({ externalId: evil });
    await client.append(id, "mine", { path: "channels/c/in" });
    expect((await client.records(evil, "in")).body.records).toEqual([]);
    await client.append(evil, "theirs");
    expect((await client.records(id, "channels/c/in")).body.records).toHaveLength(1);
  });
});

describe("a session whose run has ended", () => {
  it("gets one continuation, however many appends arrive together", async () => {
    if (!trigger.local) return;
    const { chatId, body } = await client.createSession();
    await trigger.local.query(
      "update local_trigger.runs set status = 'COMPLETED_SUCCESSFULLY', execution_status = 'FINISHED' where id = $1",
      [body.runId],
    );
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) => client.append(chatId, userMessage(chatId, `${i}`))),
    );
    expect(replies.map((r) => r.body.seq).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const runs = await trigger.local.query<{ payload: string }>(
      "select payload from local_trigger.runs where session_id = $1 and id <> $2",
      [body.id, body.runId],
    );
    expect(runs.map((run) => JSON.parse(run.payload))).toEqual([
      { chatId, metadata: { kept: true }, continuation: true, previousRunId: body.runId, sessionId: body.id },
    ]);
  });

  it("stores the message even when no run can be started, and the run comes with the next one", async () => {
    if (!trigger.local) return;
    const { local } = trigger;
    const { chatId, body } = await client.createSession();
    await local.query(
      "update local_trigger.runs set status = 'CRASHED', execution_status = 'FINISHED' where id = $1",
      [body.runId],
    );
    await local.query(
      "create function local_trigger.refuse() returns trigger language plpgsql as $$ begin raise exception 'no run'; end $$",
    );
    await local.query(
      "create trigger refuse before insert on local_trigger.runs for each row execute function local_trigger.refuse()",
    );
    expect((await client.append(chatId, userMessage(chatId, "kept"))).body).toEqual({ ok: true, seq: 0 });
    await local.query("drop trigger refuse on local_trigger.runs");
    expect((await client.append(chatId, userMessage(chatId, "next"))).body.seq).toBe(1);
    expect((await client.call("GET", `/api/v1/sessions/${chatId}`)).body["currentRunId"]).not.toBe(
      body.runId,
    );
    expect((await client.records(chatId, "in")).body.records).toHaveLength(2);
  });
});

describe("what was acknowledged", () => {
  it("is there after a restart of the server, with its numbers, part ids and tokens", async () => {
    if (!trigger.local) return;
    const { chatId, body } = await client.createSession();
    const as = body.publicAccessToken;
    await client.append(chatId, userMessage(chatId, "before"), { as, partId: "p" });
    await trigger.local.restart();
    expect((await client.append(chatId, userMessage(chatId, "before"), { as, partId: "p" })).body.seq).toBe(
      0,
    );
    expect((await client.append(chatId, userMessage(chatId, "after"), { as })).body.seq).toBe(1);
    expect((await client.call("GET", `/api/v1/sessions/${chatId}`)).body["currentRunId"]).toBe(body.runId);
  });
});
