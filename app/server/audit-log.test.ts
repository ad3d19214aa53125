import { randomUUID } from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { WebUnderTest } from "../../tests/support/web-routes.ts";

let web: WebUnderTest;
let route: typeof import("./auth-route.server.ts");
let auth: typeof import("./auth.server.ts");
let live: typeof import("#app/routes/chats.$chatId_.live.tsx");

beforeAll(async () => {
  web = await WebUnderTest.start();
  route = await import("./auth-route.server.ts");
  auth = await import("./auth.server.ts");
  live = await import("#app/routes/chats.$chatId_.live.tsx");
});
afterAll(() => web.stop());
afterEach(() => void vi.restoreAllMocks());

const PERSON = { name: "Ada Lovelace", email: "ada@example.org", password: "tuba plinth 49" };
const IP = "203.0.113.77";

/** Everything that is logged while the work goes on, and the audit lines in it. */
async function logged(work: () => Promise<unknown>) {
  const written = vi.spyOn(fs, "writeSync").mockImplementation((_file, text) => String(text).length);
  syncBuiltinESMExports();
  await work();
  const text = written.mock.calls.map(([, line]) => String(line)).join("");
  written.mockRestore();
  syncBuiltinESMExports();
  const lines = text.split("\n").filter((line) => line.includes('"event":"audit"'));
  return { text, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

function submit(strategy: "sign-in" | "sign-up", fields: Record<string, string>) {
  const path = strategy === "sign-in" ? "/login" : "/signup";
  const request = new Request(`http://127.0.0.1:3000${path}`, {
    method: "POST",
    body: new URLSearchParams(fields),
  });
  return route.authAction(strategy, { request, context: { nonce: "", ip: IP } });
}

test("sign-ups, sign-ins and refused ones are logged, with no address, name, password or token in clear", async () => {
  let cookie = "";
  const { text, lines } = await logged(async () => {
    await submit("sign-up", PERSON);
    await submit("sign-up", PERSON);
    await submit("sign-in", { email: PERSON.email, password: "a wrong guess" });
    const answer = await submit("sign-in", { email: PERSON.email, password: PERSON.password });
    if (answer instanceof Response) cookie = answer.headers.get("Set-Cookie")?.split(";")[0] ?? "";
    await auth.signOut(new Request("http://127.0.0.1:3000/logout", { headers: { Cookie: cookie } }));
  });
  const { id: userId } = await web.db().user.findUniqueOrThrow({ where: { email: PERSON.email } });
  const from = lines[0]?.from;
  expect(from).toMatch(/^[0-9a-f]{16}$/);
  expect(lines).toMatchObject([
    { level: "info", what: "sign-up", outcome: "ok", userId, from },
    { level: "warn", what: "sign-up", outcome: "denied", reason: "taken", from },
    { level: "warn", what: "sign-in", outcome: "denied", reason: "wrong", from },
    { level: "info", what: "sign-in", outcome: "ok", userId, from },
    { level: "info", what: "sign-out", outcome: "ok", userId },
  ]);
  expect(lines[1]?.account, "tries at one account can be told together").toBe(lines[2]?.account);
  for (const secret of [IP, PERSON.email, PERSON.name, PERSON.password, "a wrong guess"]) {
    expect(text).not.toContain(secret);
  }
  expect(text).not.toContain(cookie.slice(cookie.indexOf("=") + 1));
});

function loading(cookie: string, chatId: string) {
  const request = new Request(`http://127.0.0.1:3000/chats/${chatId}/live`, { headers: { Cookie: cookie } });
  return { request, params: { chatId }, context: {} } as unknown as Parameters<typeof live.loader>[0];
}

test("asking for another's chat is logged by page, form, token, session and the page without scripts; a missing one is not", async () => {
  const chatId = randomUUID();
  await web.openSession((await web.person()).cookie, chatId);
  const { cookie, userId } = await web.person();
  const ask = async (id: string) => {
    await web.loadChat(cookie, id).catch(() => undefined);
    await web.act(cookie, id, { intent: "delete" });
    await web.renewToken(cookie, id);
    await live.loader(loading(cookie, id)).catch(() => undefined);
  };
  const foreign = await logged(async () => {
    await ask(chatId);
    await web.openSession(cookie, chatId);
  });
  const denied = { level: "warn", what: "chat-access", outcome: "denied", userId, chatId };
  expect(foreign.lines).toMatchObject([denied, denied, denied, denied, denied]);
  expect((await logged(() => ask(randomUUID()))).lines).toEqual([]);
});

test("a JSON route that is asked signed out is logged with its path", async () => {
  const chatId = randomUUID();
  const { lines } = await logged(() => web.renewToken("", chatId));
  expect(lines).toMatchObject([
    { what: "signed-out-access", outcome: "denied", path: `/chats/${chatId}/token` },
  ]);
});
