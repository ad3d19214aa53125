import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outcome, WebUnderTest, type Outcome } from "../support/web-routes.ts";

const ORIGIN = "http://127.0.0.1:3000";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PASSWORD = "tuba plinth 49";
const CHANGED = "eleven quiet herons";
const context = { nonce: "", ip: "10.0.0.1" };

let web: WebUnderTest;
let settings: typeof import("#app/routes/settings.tsx");
let download: typeof import("#app/routes/settings.export.ts");
let passwords: typeof import("#app/server/password.server.ts");

beforeAll(async () => {
  web = await WebUnderTest.start();
  settings = await import("#app/routes/settings.tsx");
  download = await import("#app/routes/settings.export.ts");
  passwords = await import("#app/server/password.server.ts");
});
afterAll(() => web.stop());

type Person = { cookie: string; userId: string; email: string };

async function person(): Promise<Person> {
  const made = await web.person();
  const passwordHash = await passwords.hashPassword(PASSWORD);
  const data = { passwordHash };
  const { email } = await web.db().user.update({ where: { id: made.userId }, data });
  return { ...made, email };
}

/** The same person in another browser. */
async function elsewhere({ userId }: Person): Promise<string> {
  const { createLoginSession } = await import("#app/models/login-session.server.ts");
  const { loginCookie } = await import("#app/server/login-cookie.server.ts");
  const token = await createLoginSession({ userId, userAgent: FIREFOX, ip: null });
  return (await loginCookie(new Request(ORIGIN), token)).split(";")[0] ?? "";
}

const request = (cookie: string, fields?: Record<string, string>) =>
  new Request(`${ORIGIN}/settings`, {
    headers: { Cookie: cookie },
    ...(fields ? { method: "POST", body: new URLSearchParams(fields) } : {}),
  });

const show = (cookie: string) => settings.loader({ request: request(cookie), params: {}, context });
const act = (cookie: string, fields: Record<string, string>): Promise<Outcome> =>
  outcome(settings.action({ request: request(cookie, fields), params: {}, context }));
const exported = (cookie: string) =>
  outcome(download.loader({ request: request(cookie), params: {}, context }));

const saved = (what: string) => ({ status: 302, location: `/settings?saved=${what}` });
const signedOut = (cookie: string) => outcome(show(cookie)).then(({ status }) => status === 302);

async function message(chatId: string, position: number, text: string): Promise<void> {
  const id = `m${position}`;
  const data = { chatId, id, position, message: { id, role: "user", parts: [{ type: "text", text }] } };
  await web.db().message.create({ data });
}

test("the name can be changed, and a blank one is refused in words", async () => {
  const { cookie } = await person();
  expect(await act(cookie, { intent: "profile", name: "  Grace \u0000 " })).toMatchObject(saved("profile"));
  expect(await show(cookie)).toMatchObject({ name: "Grace \uFFFD" });
  const blank = await act(cookie, { intent: "profile", name: " " });
  expect(blank.status).toBe(400);
  expect(JSON.parse(blank.body)).toMatchObject({
    intent: "profile",
    fieldErrors: { name: "Enter your name." },
  });
});

test("every signed-in browser is listed with its device, this one first, and no other person's", async () => {
  const ada = await person();
  await elsewhere(ada);
  await elsewhere(await person());
  const { signIns } = await show(ada.cookie);
  expect(signIns.map(({ device, lastUse, current }) => [device, lastUse, current])).toEqual([
    ["Unknown device", "in the last hour", true],
    ["Firefox on Linux", "in the last hour", false],
  ]);
});

test("one sign-in can be ended, but not another person's", async () => {
  const ada = await person();
  const [there, other] = [await elsewhere(ada), await person()];
  const foreign = (await show(other.cookie)).signIns[0]?.id ?? "";
  expect(await act(ada.cookie, { intent: "end-sign-in", id: foreign })).toMatchObject(saved("sign-ins"));
  expect(await signedOut(other.cookie)).toBe(false);
  const id = (await show(ada.cookie)).signIns[1]?.id ?? "";
  await act(ada.cookie, { intent: "end-sign-in", id });
  expect([await signedOut(there), await signedOut(ada.cookie)]).toEqual([true, false]);
});

test("all other sign-ins can be ended at once, and only one's own", async () => {
  const ada = await person();
  const others = [await elsewhere(ada), await elsewhere(ada)];
  const stranger = await person();
  expect(await act(ada.cookie, { intent: "end-others" })).toMatchObject(saved("sign-ins"));
  expect(await Promise.all(others.map(signedOut))).toEqual([true, true]);
  expect([await signedOut(ada.cookie), await signedOut(stranger.cookie)]).toEqual([false, false]);
});

test("a new password ends every sign-in; this browser goes on under a new one", async () => {
  const ada = await person();
  const there = await elsewhere(ada);
  const fields = { intent: "password", currentPassword: PASSWORD, newPassword: CHANGED };
  const response = (await settings.action({
    request: request(ada.cookie, fields),
    params: {},
    context,
  })) as Response;
  const cookie = response.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  expect(response.headers.get("Location")).toBe("/settings?saved=password");
  expect(await Promise.all([there, ada.cookie, cookie].map(signedOut))).toEqual([true, true, false]);
  const { passwordHash } = await web.db().user.findUniqueOrThrow({ where: { id: ada.userId } });
  expect(await passwords.verifyPassword(passwordHash, CHANGED)).toBe(true);
  expect(await passwords.verifyPassword(passwordHash, PASSWORD)).toBe(false);
});

test.each([
  ["a wrong current one", { currentPassword: "a wrong guess", newPassword: CHANGED }, "currentPassword"],
  ["a short new one", { currentPassword: PASSWORD, newPassword: "short" }, "newPassword"],
  ["a common new one", { currentPassword: PASSWORD, newPassword: "Password123!" }, "newPassword"],
])("a password change with %s is refused and ends nothing", async (_what, fields, wrong) => {
  const ada = await person();
  const there = await elsewhere(ada);
  const answer = await act(ada.cookie, { intent: "password", ...fields });
  expect(answer.status).toBe(400);
  expect(
    Object.keys((JSON.parse(answer.body) as { fieldErrors: Record<string, string> }).fieldErrors),
  ).toEqual([wrong]);
  expect(answer.body).not.toContain(fields.newPassword);
  expect(await signedOut(there)).toBe(false);
});

test("guesses at the password in an open browser are throttled with Retry-After", async () => {
  const { cookie } = await person();
  const fields = { intent: "password", currentPassword: "a wrong guess", newPassword: CHANGED };
  for (let i = 0; i < 10; i++) expect((await act(cookie, fields)).status).toBe(400);
  const answer = await settings.action({
    request: request(cookie, { ...fields, currentPassword: PASSWORD }),
    params: {},
    context,
  });
  expect(answer).toMatchObject({ init: { status: 429, headers: { "Retry-After": expect.any(String) } } });
});

test("the export holds all of one's own chats with their messages, and nothing of anyone else", async () => {
  const [ada, other] = [await person(), await person()];
  const [first, second, foreign] = [randomUUID(), randomUUID(), randomUUID()];
  for (const [cookie, id] of [
    [ada.cookie, first],
    [ada.cookie, second],
    [other.cookie, foreign],
  ] as const) {
    await web.openSession(cookie, id);
  }
  await message(first, 0, 'A "quoted"\nquestion');
  await message(foreign, 0, "not for Ada");
  const answer = await exported(ada.cookie);
  const document = JSON.parse(answer.body) as {
    account: unknown;
    chats: { id: string; messages: unknown }[];
  };
  expect(document.account).toEqual({ name: "Ada", email: ada.email });
  expect(document.chats.map(({ id }) => id)).toEqual([first, second]);
  expect(document.chats[0]?.messages).toMatchObject([
    { id: "m0", role: "user", final: true, parts: [{ type: "text", text: 'A "quoted"\nquestion' }] },
  ]);
  expect(answer.body).not.toMatch(/not for Ada|publicAccessToken|passwordHash/);
  const nothing = JSON.parse((await exported((await person()).cookie)).body) as { chats: unknown };
  expect(nothing.chats).toEqual([]);
});

test.each([
  ["without the password", { deletePassword: "a wrong guess" }, "deletePassword"],
  ["without the typed address", { confirmation: "someone@example.org" }, "confirmation"],
])("an account is not deleted %s", async (_what, wrong, field) => {
  const ada = await person();
  const fields = { intent: "delete", deletePassword: PASSWORD, confirmation: ada.email, ...wrong };
  const answer = await act(ada.cookie, fields);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body)).toHaveProperty(["fieldErrors", field]);
  expect(await web.db().user.count({ where: { id: ada.userId } })).toBe(1);
});

test("deleting the account closes every session as deleted and leaves no row; others keep theirs", async () => {
  const [ada, other] = [await person(), await person()];
  const ids = Array.from({ length: 11 }, () => randomUUID());
  await Promise.all(ids.map((id) => web.openSession(ada.cookie, id)));
  const kept = randomUUID();
  await web.openSession(other.cookie, kept);
  const fields = { intent: "delete", deletePassword: PASSWORD, confirmation: ` ${ada.email.toUpperCase()} ` };
  expect(await act(ada.cookie, fields)).toMatchObject({ status: 302, location: "/login" });
  expect(await web.db().user.count({ where: { id: ada.userId } })).toBe(0);
  expect(await web.db().chat.findMany({ select: { id: true } })).not.toContainEqual({ id: ids[0] });
  expect(await web.db().chat.count({ where: { userId: ada.userId } })).toBe(0);
  expect(await web.db().chatSession.count({ where: { id: { in: ids } } })).toBe(0);
  expect(await web.db().loginSession.count({ where: { userId: ada.userId } })).toBe(0);
  expect(await signedOut(ada.cookie)).toBe(true);
  const reasons = await Promise.all(ids.map((id) => web.closedReason(id)));
  expect(reasons).toEqual(ids.map(() => "deleted"));
  expect(await web.closedReason(kept)).toBeNull();
  expect(await web.db().chat.count({ where: { id: kept } })).toBe(1);
});

test("while the Trigger API is away no account is deleted, not even in part", async () => {
  const ada = await person();
  await web.openSession(ada.cookie, randomUUID());
  await web.stopTrigger();
  const fields = { intent: "delete", deletePassword: PASSWORD, confirmation: ada.email };
  const answer = await act(ada.cookie, fields);
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body)).toHaveProperty("formError");
  expect(await web.db().chat.count({ where: { userId: ada.userId } })).toBe(1);
  expect(await signedOut(ada.cookie)).toBe(false);
});
