import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSession, triggerClient, userMessage, type CreatedSession } from "../support/trigger-client.ts";
import { triggerUnderTest, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest;
let client: ReturnType<typeof triggerClient>;
beforeAll(async () => {
  trigger = await triggerUnderTest();
  client = triggerClient(trigger);
});
afterAll(() => trigger.stop());

const create = (body: unknown, as?: string) =>
  client.call<CreatedSession>("POST", "/api/v1/sessions", { body, as });

describe("creating a session", () => {
  it("makes the row and its first run, and hands out a token for exactly this session", async () => {
    const { status, body, chatId } = await client.createSession();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      externalId: chatId,
      type: "chat.agent",
      taskIdentifier: "contract-chat",
      isCached: false,
      closedAt: null,
      closedReason: null,
      expiresAt: null,
      metadata: null,
      tags: [],
    });
    expect(body.id).toMatch(/^session_/);
    expect(body.runId).toMatch(/^run_/);
    expect(body.currentRunId).toBe(body.runId);
    const claims = JSON.parse(
      Buffer.from(body.publicAccessToken.split(".")[1] ?? "", "base64url").toString(),
    );
    expect(claims.scopes).toEqual([`read:sessions:${chatId}`, `write:sessions:${chatId}`]);
    expect(claims.exp - claims.iat).toBe(3600);
  });

  it("answers the same session and run to a repeat, with 200 and a fresh token", async () => {
    const first = await client.createSession();
    const again = await create(newSession(first.chatId));
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id: first.body.id, runId: first.body.runId, isCached: true });
    expect(again.body.publicAccessToken.split(".")).toHaveLength(3);
  });

  it("makes one session and one run of 8 simultaneous creates, exactly one of them 201", async () => {
    const chatId = randomUUID();
    const replies = await Promise.all(Array.from({ length: 8 }, () => create(newSession(chatId))));
    expect(replies.map((r) => r.status).sort((a, b) => a - b)).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
    expect(new Set(replies.map((r) => r.body.id)).size).toBe(1);
    expect(new Set(replies.map((r) => r.body.runId)).size).toBe(1);
  });

  it("writes tags, metadata, expiry and trigger config of a repeat through, and delivers no message of it", async () => {
    const first = await client.createSession({ tags: ["a"] });
    const changed = newSession(first.chatId);
    const message = userMessage(first.chatId, "never delivered").payload.message;
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    await create({
      ...changed,
      tags: ["b"],
      metadata: { m: 1 },
      expiresAt,
      triggerConfig: { basePayload: { ...changed.triggerConfig.basePayload, message, added: 1 } },
    });
    const { body } = await client.call("GET", `/api/v1/sessions/${first.chatId}`);
    expect(body).toMatchObject({ tags: ["b"], metadata: { m: 1 }, expiresAt });
    expect(body["triggerConfig"]).toMatchObject({ basePayload: { added: 1 } });
    expect((await client.records(first.chatId, "in")).body.records).toEqual([]);
  });

  it.each([
    ["no body", undefined],
    ["no task", { type: "chat.agent", triggerConfig: { basePayload: {} } }],
    ["no trigger config", { type: "chat.agent", taskIdentifier: "t" }],
    ["an external id of our own form", { ...newSession("session_x") }],
    ["an empty external id", { ...newSession("  ") }],
    ["an external id of 257 characters", { ...newSession("x".repeat(257)) }],
    ["eleven tags", { ...newSession("tags"), tags: Array(11).fill("t") }],
    ["broken JSON", "{"],
    ["invalid UTF-8", Buffer.from([0x7b, 0xff, 0x7d])],
  ])("refuses %s with 400", async (_, body) => {
    expect((await create(body)).status).toBe(400);
  });

  it("trims the external id and takes one of 256 characters", async () => {
    const chatId = randomUUID().padEnd(256, "x");
    expect((await create(newSession(` ${chatId} `))).body.externalId).toBe(chatId);
  });

  it("takes payloads with U+0000, lone surrogates and __proto__, and gives them back", async () => {
    const chatId = randomUUID();
    const text = JSON.stringify(newSession(chatId)).replace(
      '"kept":true',
      '"nul":"a\\u0000b","lone":"\\ud800","__proto__":{"polluted":1}',
    );
    expect((await create(text)).status).toBe(201);
    const { body } = await client.call("GET", `/api/v1/sessions/${chatId}`);
    expect(JSON.stringify(body)).toContain('"nul":"a\\u0000b","lone":"\\ud800","__proto__":{"polluted":1}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("reading, listing and changing sessions", () => {
  it("finds a session by either id, and nothing by an unknown one", async () => {
    const { body, chatId } = await client.createSession();
    for (const id of [body.id, chatId]) {
      expect((await client.call("GET", `/api/v1/sessions/${id}`)).body).toMatchObject({ id: body.id });
    }
    expect((await client.call("GET", `/api/v1/sessions/${randomUUID()}`)).status).toBe(404);
  });

  it("changes tags and metadata, and clears metadata with null", async () => {
    const { chatId } = await client.createSession();
    const patch = (body: object) => client.call("PATCH", `/api/v1/sessions/${chatId}`, { body });
    expect((await patch({ tags: ["x"], metadata: { a: 1 } })).body).toMatchObject({
      tags: ["x"],
      metadata: { a: 1 },
    });
    expect((await patch({})).body).toMatchObject({ tags: ["x"], metadata: { a: 1 } });
    expect((await patch({ metadata: null })).body).toMatchObject({ tags: ["x"], metadata: null });
  });

  it("never changes the external id (422), but takes its own value", async () => {
    const { chatId } = await client.createSession();
    const patch = (externalId: unknown) =>
      client.call("PATCH", `/api/v1/sessions/${chatId}`, { body: { externalId } });
    expect((await patch("other")).status).toBe(422);
    expect((await patch(null)).status).toBe(422);
    expect((await patch(chatId)).status).toBe(200);
  });

  it("lists newest first, in pages that can be walked both ways, and filters", async () => {
    const tag = randomUUID();
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.unshift((await client.createSession({ tags: [tag] })).body.id);
    const list = async (query: string) => {
      const { body } = await client.call<{
        data: { id: string }[];
        pagination: { next?: string; previous?: string };
      }>("GET", `/api/v1/sessions?filter[tags]=${tag}&${query}`);
      return { ids: body.data.map((s) => s.id), ...body.pagination };
    };
    const first = await list("page[size]=2");
    expect(first).toEqual({ ids: made.slice(0, 2), next: made[1] });
    const second = await list(`page[size]=2&page[after]=${first.next}`);
    expect(second).toEqual({ ids: made.slice(2, 4), next: made[3], previous: made[2] });
    const third = await list(`page[size]=2&page[after]=${second.next}`);
    expect(third).toEqual({ ids: made.slice(4), previous: made[4] });
    expect(await list(`page[size]=2&page[before]=${third.previous}`)).toMatchObject({
      ids: made.slice(2, 4),
    });
    expect((await list("filter[status]=CLOSED")).ids).toEqual([]);
    expect((await list("filter[createdAt][period]=1h&filter[type]=chat.agent,other")).ids).toEqual(made);
    expect((await list(`filter[createdAt][to]=${Date.now() - 3_600_000}`)).ids).toEqual([]);
  });

  it("refuses both cursors at once, and a page size over 100", async () => {
    expect((await client.call("GET", "/api/v1/sessions?page[after]=a&page[before]=b")).status).toBe(400);
    expect((await client.call("GET", "/api/v1/sessions?page[size]=101")).status).toBe(400);
  });
});

describe("a closed session", () => {
  it("keeps its first time and reason, refuses input with a code, and is told not to be retried", async () => {
    const { chatId, body } = await client.createSession();
    const close = (reason?: string) =>
      client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: { reason } });
    const first = await close("done");
    expect(first.body).toMatchObject({ closedReason: "done", closedAt: expect.any(String) });
    expect((await close("other")).body).toMatchObject({
      closedReason: "done",
      closedAt: first.body["closedAt"],
    });

    const append = await client.append(chatId, userMessage(chatId, "x"), { as: body.publicAccessToken });
    expect(append.status).toBe(409);
    expect(append.body).toMatchObject({ ok: false, code: "session_closed", closedReason: "done" });
    expect(append.headers.get("x-should-retry")).toBe("false");

    const again = await create(newSession(chatId));
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: "session_closed", closedReason: "done" });
    expect(again.headers.get("x-should-retry")).toBe("false");
    expect((await client.open(chatId, "in")).status).toBe(400);
    expect((await client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: "" })).status).toBe(200);
  });

  it("starts no run for a refused create", async () => {
    if (!trigger.local) return;
    const { chatId, body } = await client.createSession();
    await client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: {} });
    await create(newSession(chatId));
    await client.append(chatId, userMessage(chatId, "x"));
    const runs = await trigger.local.query("select id from local_trigger.runs where session_id = $1", [
      body.id,
    ]);
    expect(runs).toEqual([{ id: body.runId }]);
  });

  it("wakes the run with a close message, except when the run itself asks", async () => {
    const closed = await client.createSession();
    await client.call("POST", `/api/v1/sessions/${closed.chatId}/close`, { body: {} });
    const [record] = (await client.records(closed.chatId, "in")).body.records;
    expect(JSON.parse(String(record?.data))).toEqual({
      kind: "message",
      payload: { chatId: closed.chatId, trigger: "close" },
    });

    const own = await client.createSession();
    const callingRunId = own.body.runId;
    await client.call("POST", `/api/v1/sessions/${own.chatId}/close`, { body: { callingRunId } });
    expect((await client.records(own.chatId, "in")).body.records).toEqual([]);
  });

  it("answers 404 when there is no such session", async () => {
    expect((await client.call("POST", `/api/v1/sessions/${randomUUID()}/close`, { body: {} })).status).toBe(
      404,
    );
  });
});

describe("an expired session", () => {
  it("takes no input and no create", async () => {
    const { chatId } = await client.createSession({ expiresAt: new Date(Date.now() + 4_000).toISOString() });
    expect((await client.append(chatId, userMessage(chatId, "in time"))).status).toBe(200);
    await expect
      .poll(async () => (await client.append(chatId, userMessage(chatId, "late"))).status, {
        timeout: 30_000,
      })
      .toBe(400);
    const again = await create(newSession(chatId));
    expect(again.status).toBe(409);
    expect(again.headers.get("x-should-retry")).toBe("false");
  });
});

describe("end-and-continue", () => {
  const hand = (chatId: string, callingRunId: string) =>
    client.call<{ runId: string; swapped: boolean }>("POST", `/api/v1/sessions/${chatId}/end-and-continue`, {
      body: { callingRunId, reason: "upgrade", externalDeploymentId: null },
    });

  it("swaps the current run for a new one, once, and tells later callers who is current", async () => {
    const { chatId, body } = await client.createSession();
    const first = await hand(chatId, body.runId);
    expect(first).toMatchObject({ status: 200, body: { swapped: true } });
    expect(first.body.runId).not.toBe(body.runId);
    expect(await hand(chatId, body.runId)).toMatchObject({
      status: 200,
      body: { swapped: false, runId: first.body.runId },
    });
    expect((await client.call("GET", `/api/v1/sessions/${chatId}`)).body["currentRunId"]).toBe(
      first.body.runId,
    );
  });

  it("gives the new run the durable part of the payload, which nobody can unset", async () => {
    if (!trigger.local) return;
    const chatId = randomUUID();
    const basePayload = {
      chatId,
      trigger: "submit-message",
      message: {},
      messages: [],
      sessionId: "x",
      continuation: false,
    };
    const { body } = await create({
      ...newSession(chatId),
      triggerConfig: { basePayload, idleTimeoutInSeconds: 7 },
    });
    const { body: next } = await hand(chatId, body.runId);
    const payloads = await trigger.local.query<{ id: string; payload: string }>(
      "select id, payload from local_trigger.runs where session_id = $1",
      [body.id],
    );
    const payloadOf = (id: string) => JSON.parse(payloads.find((run) => run.id === id)?.payload ?? "null");
    expect(payloadOf(body.runId)).toEqual({ ...basePayload, idleTimeoutInSeconds: 7, sessionId: body.id });
    expect(payloadOf(next.runId)).toEqual({
      chatId,
      idleTimeoutInSeconds: 7,
      continuation: true,
      previousRunId: body.runId,
      sessionId: body.id,
    });
  });

  it("is 404 for an unknown run or one of another session, and 400 for a closed session", async () => {
    const [one, other] = [await client.createSession(), await client.createSession()];
    expect((await hand(one.chatId, "run_unknown")).status).toBe(404);
    expect((await hand(one.chatId, other.body.runId)).status).toBe(404);
    await client.call("POST", `/api/v1/sessions/${one.chatId}/close`, { body: {} });
    expect((await hand(one.chatId, one.body.runId)).status).toBe(400);
  });
});
