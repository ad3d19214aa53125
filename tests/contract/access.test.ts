import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSession, triggerClient, userMessage, type CreatedSession } from "../support/trigger-client.ts";
import { triggerUnderTest, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest;
let client: ReturnType<typeof triggerClient>;
let chat: { chatId: string; body: CreatedSession };
beforeAll(async () => {
  trigger = await triggerUnderTest();
  client = triggerClient(trigger);
  chat = await client.createSession();
});
afterAll(() => trigger.stop());

const api = (rest = "") => `/api/v1/sessions/${chat.chatId}${rest}`;
const realtime = (rest: string) => `/realtime/v1/sessions/${chat.chatId}/${rest}`;

/** The status of a call that leaves no stream open. */
async function status(method: string, path: string, as: string | null, body?: unknown): Promise<number> {
  const controller = new AbortController();
  const response = await fetch(new URL(path, trigger.url), {
    method,
    headers: as === null ? {} : { authorization: `Bearer ${as}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: controller.signal,
  });
  controller.abort();
  return response.status;
}

describe("credentials", () => {
  it.each(["nonsense", "a.b.c", "!!.??.**", "eyJhbGciOiJIUzI1NiJ9.e30.x", ".".repeat(2), "x".repeat(8000)])(
    "that are no good (%#) are answered 401, with CORS",
    async (as) => {
      for (const [method, path] of [
        ["GET", realtime("out")],
        ["POST", realtime("in/append")],
        ["POST", "/api/v1/sessions"],
      ] as const) {
        const reply = await client.call(method, path, { as, ...(method === "POST" ? { body: {} } : {}) });
        expect(reply.status).toBe(401);
        expect(reply.headers.get("access-control-allow-origin")).toBe("*");
      }
    },
  );

  it("of an expired token are refused, and of one for another server", async () => {
    const scopes = [`read:sessions:${chat.chatId}`];
    expect(await status("GET", realtime("out"), await trigger.token(scopes, -60))).toBe(401);
    const foreign = { ...trigger, key: "another-key-of-tests" };
    const { signToken } = await import("#local-trigger/wire/tokens.ts");
    expect(await status("GET", realtime("out"), await signToken(foreign.key, scopes))).toBe(401);
  });
});

describe("scopes", () => {
  const message = () => userMessage(chat.chatId, "x");
  const calls = {
    retrieve: () => ["GET", api()] as const,
    subscribe: () => ["GET", realtime("out")] as const,
    subscribeInput: () => ["GET", realtime("in")] as const,
    head: () => ["HEAD", realtime("out")] as const,
    records: () => ["GET", realtime("out/records")] as const,
    snapshotRead: () => ["GET", api("/snapshot-url")] as const,
    append: () => ["POST", realtime("in/append"), message()] as const,
    channelAppend: () => ["POST", realtime("channels/c/in/append"), "x"] as const,
    endAndContinue: () =>
      ["POST", api("/end-and-continue"), { callingRunId: "run_unknown", reason: "upgrade" }] as const,
    snapshotWrite: () => ["PUT", api("/snapshot-url")] as const,
    openInput: () => ["PUT", realtime("in")] as const,
    openChannel: () => ["PUT", realtime("channels/c/in")] as const,
    update: () => ["PATCH", api(), {}] as const,
  };
  const good = { endAndContinue: 404, openInput: 202, openChannel: 202 } as Record<string, number>;
  const reads = ["retrieve", "subscribe", "subscribeInput", "head", "records", "snapshotRead"] as const;
  const writes = ["append", "channelAppend"] as const;
  // What these give or change outlives the token.
  const ofRuns = ["endAndContinue", "snapshotWrite", "openInput", "openChannel"] as const;

  const answers = async (name: keyof typeof calls, scopes: string[]) => {
    const [method, path, body] = calls[name]();
    return status(method, path, await trigger.token(scopes), body);
  };

  it.each(reads)("%s needs read of this session, by either of its ids", async (name) => {
    for (const id of [chat.chatId, chat.body.id])
      expect(await answers(name, [`read:sessions:${id}`])).toBe(200);
    expect(await answers(name, ["read:sessions"])).toBe(200);
    expect(await answers(name, ["read:all"])).toBe(200);
    expect(await answers(name, ["admin"])).toBe(200);
    for (const scope of [
      `write:sessions:${chat.chatId}`,
      "read:sessions:other",
      "read:tasks",
      "admin:sessions",
    ]) {
      expect(await answers(name, [scope])).toBe(403);
    }
    expect(await answers(name, [])).toBe(403);
  });

  it.each(writes)("%s needs write of this session, by either of its ids", async (name) => {
    const ok = good[name] ?? 200;
    for (const id of [chat.chatId, chat.body.id])
      expect(await answers(name, [`write:sessions:${id}`])).toBe(ok);
    for (const scope of [`read:sessions:${chat.chatId}`, "write:sessions:other", "write:inputStreams"]) {
      expect(await answers(name, [scope])).toBe(403);
    }
  });

  it.each(ofRuns)("%s needs the secret key: no token does it", async (name) => {
    if (!trigger.local) return;
    for (const scope of [`write:sessions:${chat.chatId}`, `write:sessions:${chat.body.id}`, "admin"])
      expect(await answers(name, [scope])).toBe(403);
    const [method, path, body] = calls[name]();
    expect(await status(method, path, trigger.key, body)).toBe(good[name] ?? 200);
  });

  it("changing and closing need admin of the id in the address; write is not enough", async () => {
    expect(await answers("update", [`admin:sessions:${chat.chatId}`])).toBe(200);
    expect(await answers("update", ["admin"])).toBe(200);
    for (const scope of [`write:sessions:${chat.chatId}`, `admin:sessions:${chat.body.id}`, "admin:tasks"]) {
      expect(await answers("update", [scope])).toBe(403);
    }
    const { chatId } = await client.createSession();
    const close = async (scope: string) =>
      status("POST", `/api/v1/sessions/${chatId}/close`, await trigger.token([scope]), {});
    expect(await close(`write:sessions:${chatId}`)).toBe(403);
    expect(await close(`admin:sessions:${chatId}`)).toBe(200);
  });

  it("a token for a side channel opens that channel alone", async () => {
    const scopes = [`read:sessions:${chat.chatId}:channels:c`, `write:sessions:${chat.chatId}:channels:c`];
    const as = await trigger.token(scopes);
    expect(await status("GET", realtime("channels/c/out"), as)).toBe(200);
    expect(await status("POST", realtime("channels/c/in/append"), as, "x")).toBe(200);
    expect(await status("GET", realtime("channels/d/out"), as)).toBe(403);
    expect(await status("GET", realtime("out"), as)).toBe(403);
    expect(await status("POST", realtime("in/append"), as, message())).toBe(403);
  });

  it("creating needs write of the task or of sessions", async () => {
    const create = async (scope: string) =>
      status("POST", "/api/v1/sessions", await trigger.token([scope]), newSession(randomUUID()));
    expect(await create("write:tasks:contract-chat")).toBe(201);
    expect(await create("write:tasks")).toBe(201);
    expect(await create("write:sessions")).toBe(201);
    for (const scope of [
      "write:tasks:other",
      "trigger:tasks:contract-chat",
      "read:sessions",
      "write:sessions:x",
    ]) {
      expect(await create(scope)).toBe(403);
    }
  });

  it("listing needs read of all sessions or tasks, or of every task that is filtered for", async () => {
    const list = async (scopes: string[], tasks = "") =>
      status(
        "GET",
        `/api/v1/sessions${tasks && `?filter[taskIdentifier]=${tasks}`}`,
        await trigger.token(scopes),
      );
    expect(await list(["read:sessions"])).toBe(200);
    expect(await list(["read:tasks"])).toBe(200);
    expect(await list(["read:tasks:a"])).toBe(403);
    expect(await list(["read:tasks:a"], "a")).toBe(200);
    expect(await list(["read:tasks:a"], "a,b")).toBe(403);
    expect(await list(["read:tasks:a", "read:tasks:b"], "a,b")).toBe(200);
    expect(await list([`read:sessions:${chat.chatId}`])).toBe(403);
  });

  it("are looked at under the id in the address while there is no session yet", async () => {
    const early = randomUUID();
    const path = `/realtime/v1/sessions/${early}/out`;
    expect(await status("GET", path, await trigger.token([`read:sessions:${early}`]))).toBe(200);
    expect(await status("GET", path, await trigger.token([`read:sessions:${chat.chatId}`]))).toBe(403);
  });
});

describe("CORS", () => {
  it("answers a preflight by naming the headers that were asked for, Authorization too", async () => {
    const response = await fetch(new URL(realtime("in/append"), trigger.url), {
      method: "OPTIONS",
      headers: {
        origin: "https://example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-part-id",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization,x-part-id");
    expect(response.headers.get("access-control-allow-methods")).toContain("PATCH");
  });

  it("is on every answer of session routes, errors included", async () => {
    const weak = await trigger.token(["read:sessions:other"]);
    const replies = await Promise.all([
      client.call("GET", api(), { as: null }),
      client.call("GET", api(), { as: weak }),
      client.call("GET", `/api/v1/sessions/${randomUUID()}`),
      client.call("POST", "/api/v1/sessions", { body: "{" }),
      client.call("PATCH", api(), { body: { externalId: "x" } }),
      client.call("DELETE", realtime("out")),
      client.call("GET", "/realtime/v1/unknown"),
      client.call("GET", api("/snapshot-url")),
    ]);
    expect(replies.map((r) => r.status)).toEqual([401, 403, 404, 400, 422, 405, 501, 200]);
    for (const reply of replies) expect(reply.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("is not on the worker's routes", async () => {
    const reply = await client.call("POST", "/api/v1/auth/jwt/claims");
    expect(reply.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("addresses that are not served", () => {
  it("are answered 501 with a pointer to the README below the API's roots, 404 elsewhere", async () => {
    for (const path of ["/api/v1/prompts", "/engine/v1/unknown", "/realtime/v1/unknown"]) {
      const reply = await client.call<{ error: string }>("GET", path);
      expect(reply.status).toBe(501);
      expect(reply.body.error).toContain("README");
    }
    expect((await client.call("GET", "/elsewhere")).status).toBe(404);
    expect((await client.call("GET", "/realtime/v1/sessions/%ff/out")).status).toBe(400);
  });
});

describe("tokens", () => {
  it("have their claims given out to the secret key only, and can be asked for ready-made", async () => {
    expect((await client.call("POST", "/api/v1/auth/jwt/claims")).body).toMatchObject({ pub: true });
    const { body } = await client.call<{ token: string }>("POST", "/api/v1/auth/public-tokens", {
      body: { scopes: [`read:sessions:${chat.chatId}`], expirationTime: "1m" },
    });
    expect(await status("GET", api(), body.token)).toBe(200);
    const wrong = { scopes: [], expirationTime: "soon" };
    expect((await client.call("POST", "/api/v1/auth/public-tokens", { body: wrong })).status).toBe(400);
  });
});
