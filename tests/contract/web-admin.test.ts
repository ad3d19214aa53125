import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outcome, WebUnderTest, type Outcome } from "../support/web-routes.ts";

const ORIGIN = "http://127.0.0.1:3000";
const PASSWORD = "tuba plinth 49";
const context = { nonce: "", ip: "10.0.0.1" };

let web: WebUnderTest;
let route: typeof import("#app/routes/admin.tsx");
let settings: typeof import("#app/routes/settings.tsx");
let auth: typeof import("#app/server/auth-route.server.ts");
let passwords: typeof import("#app/server/password.server.ts");
type Person = { cookie: string; userId: string; email: string };
let admin: Person;

beforeAll(async () => {
  web = await WebUnderTest.start();
  route = await import("#app/routes/admin.tsx");
  settings = await import("#app/routes/settings.tsx");
  auth = await import("#app/server/auth-route.server.ts");
  passwords = await import("#app/server/password.server.ts");
  admin = await person();
});
afterAll(() => web.stop());

async function person(): Promise<Person> {
  const made = await web.person();
  const passwordHash = await passwords.hashPassword(PASSWORD);
  const { email } = await web.db().user.update({ where: { id: made.userId }, data: { passwordHash } });
  return { ...made, email };
}

const request = (cookie: string, path: string, fields?: Record<string, string>) =>
  new Request(ORIGIN + path, {
    headers: { Cookie: cookie },
    ...(fields ? { method: "POST", body: new URLSearchParams(fields) } : {}),
  });

const show = (cookie: string, query = "") =>
  route.loader({ request: request(cookie, `/admin${query}`), params: {}, context });
const act = (cookie: string, fields: Record<string, string>): Promise<Outcome> =>
  outcome(route.action({ request: request(cookie, "/admin", fields), params: {}, context }));
const done = (event: string) => ({
  status: 302,
  location: `/admin?search=&page=1&done=${event}`,
});

async function signIn(email: string, password: string): Promise<Outcome> {
  const body = new URLSearchParams({ email, password });
  const login = new Request(`${ORIGIN}/login`, { method: "POST", body });
  return outcome(auth.authAction("sign-in", { request: login, context }));
}

const signedOut = (cookie: string) => outcome(web.list(cookie)).then(({ status }) => status === 302);

async function runStates(chatId: string): Promise<string[]> {
  const url = `${web.trigger.url}/api/v1/runs?filter[tag]=chat:${chatId}`;
  const key = process.env["TRIGGER_SECRET_KEY"] ?? "";
  const response = await fetch(url, { headers: { Authorization: `Bearer ${key}` } });
  return ((await response.json()) as { data: { status: string }[] }).data.map(({ status }) => status);
}

test("to a member the page and every form of it do not exist; signed out it leads to the sign-in", async () => {
  const member = await person();
  expect((await outcome(show(member.cookie))).status).toBe(404);
  expect(await outcome(show(""))).toMatchObject({
    status: 302,
    location: "/login?redirectTo=%2Fadmin",
    body: "",
  });
  for (const intent of ["disable", "enable", "make-admin", "make-member", "invite", "revoke", ""]) {
    expect((await act(member.cookie, { intent, id: member.userId })).status).toBe(404);
    expect((await act("", { intent, id: member.userId })).status).toBe(302);
  }
  const { role } = await web.db().user.findUniqueOrThrow({ where: { id: member.userId } });
  expect(role).toBe("member");
  expect(await web.db().invite.count()).toBe(0);
});

test("accounts are listed with counts, searched and paged, and nothing that anybody wrote is told", async () => {
  const ada = await person();
  const chatId = randomUUID();
  await web.openSession(ada.cookie, chatId);
  const parts = [{ type: "text", text: "a very private word" }];
  const messages = [
    { id: "m0", role: "user", parts },
    { id: "m1", role: "assistant", parts: [{ type: "data-error", data: { text: "private failure" } }] },
    { id: "m2", role: "assistant", parts },
  ];
  for (const [position, message] of messages.entries()) {
    await web.db().message.create({ data: { chatId, id: message.id, position, message } });
  }
  await web.db().chat.update({ where: { id: chatId }, data: { title: "a private title" } });
  const usage = { userId: ada.userId, chatId, model: "demo:demo", kind: "answer" };
  await web.db().usage.createMany({
    data: [
      { ...usage, inputTokens: 100, outputTokens: 20 },
      { ...usage, inputTokens: null, outputTokens: 3 },
    ],
  });
  const page = await show(admin.cookie, `?search=${ada.email.toUpperCase()}`);
  expect(page.users).toMatchObject([
    { email: ada.email, role: "member", disabled: false, chats: 1, messages: 3, tokens: 123, errors: 1 },
  ]);
  expect(page.users[0]?.lastUse).toBe("in the last hour");
  expect(JSON.stringify(await show(admin.cookie))).not.toMatch(/private|\$argon2/);
  expect((await show(admin.cookie, "?search=%25")).total, "a sign of the pattern finds only itself").toBe(0);

  const rows = Array.from({ length: 30 }, (_, i) => ({ email: `page${i}@pages.example`, name: "Pager" }));
  await web.db().user.createMany({ data: rows });
  const [first, second] = [
    await show(admin.cookie, "?search=pages.example"),
    await show(admin.cookie, "?search=pages.example&page=2"),
  ];
  expect([first.users.length, second.users.length, first.pages, first.total]).toEqual([25, 5, 2, 30]);
  expect(new Set([...first.users, ...second.users].map(({ id }) => id)).size).toBe(30);
});

test("disabling ends every sign-in and run at once, and keeps from signing in until it is taken back", async () => {
  const [ada, other] = [await person(), await person()];
  const [own, foreign] = [randomUUID(), randomUUID()];
  await web.openSession(ada.cookie, own);
  await web.openSession(other.cookie, foreign);
  expect(await act(admin.cookie, { intent: "disable", id: ada.userId })).toMatchObject(
    done("account-disabled"),
  );
  expect([await signedOut(ada.cookie), await signedOut(other.cookie)]).toEqual([true, false]);
  expect(await runStates(own)).toEqual(["CANCELED"]);
  expect(await runStates(foreign)).not.toContain("CANCELED");
  const right = await signIn(ada.email, PASSWORD);
  expect(right.status).toBe(403);
  expect(right.body).toContain("This account is disabled.");
  expect((await signIn(ada.email, "a wrong guess")).body, "others are told nothing").toContain(
    "The email address or the password is wrong.",
  );
  expect(await web.db().chat.count({ where: { userId: ada.userId } }), "nothing is lost").toBe(1);
  expect(await act(admin.cookie, { intent: "enable", id: ada.userId })).toMatchObject(
    done("account-enabled"),
  );
  expect((await signIn(ada.email, PASSWORD)).status).toBe(302);
});

test("a session that was made while the account was being disabled signs nobody in", async () => {
  const ada = await person();
  await web.db().user.update({ where: { id: ada.userId }, data: { disabledAt: new Date() } });
  expect(await signedOut(ada.cookie)).toBe(true);
});

test("the last admin cannot be demoted, disabled or deleted; with another one it can", async () => {
  const { cookie, userId, email } = admin;
  expect((await act(cookie, { intent: "make-member", id: userId })).status).toBe(400);
  expect((await act(cookie, { intent: "disable", id: userId })).status).toBe(400);
  const fields = { intent: "delete", deletePassword: PASSWORD, confirmation: email };
  const refused = await outcome(
    settings.action({ request: request(cookie, "/settings", fields), params: {}, context }),
  );
  expect(refused.status).toBe(400);
  expect(refused.body).toContain("You are the only admin.");
  expect(await web.db().user.count({ where: { id: userId, role: "admin", disabledAt: null } })).toBe(1);

  const second = await person();
  expect(await act(cookie, { intent: "make-admin", id: second.userId })).toMatchObject(done("role-change"));
  const both = [
    act(cookie, { intent: "make-member", id: second.userId }),
    act(second.cookie, { intent: "make-member", id: userId }),
  ];
  await Promise.all(both);
  expect(await web.db().user.count({ where: { role: "admin" } }), "one of two at once remains").toBe(1);
  const left = await web.db().user.findFirstOrThrow({ where: { role: "admin" } });
  if (left.id !== userId) admin = second;
});

test("an invitation is shown once as a link, listed without its token, and revoked", async () => {
  const made = await act(admin.cookie, { intent: "invite" });
  const { link } = JSON.parse(made.body) as { link: string };
  const token = new URL(link).searchParams.get("invite") ?? "";
  expect(token).toHaveLength(43);
  const { invites } = await show(admin.cookie);
  expect(invites).toMatchObject([{ state: "open", usedBy: null }]);
  expect(JSON.stringify(invites)).not.toContain(token);
  const id = invites[0]?.id ?? "";
  expect(await act(admin.cookie, { intent: "revoke", id })).toMatchObject(done("invite-revoked"));
  expect((await act(admin.cookie, { intent: "revoke", id })).status).toBe(400);
  expect((await show(admin.cookie)).invites).toEqual([]);
});

test("while the Trigger API is away an account is disabled all the same, and the admin is told what was not done", async () => {
  const ada = await person();
  await web.stopTrigger();
  const answer = await act(admin.cookie, { intent: "disable", id: ada.userId });
  expect(answer.status).toBe(503);
  expect(answer.body).toContain("could not be stopped");
  expect(await signedOut(ada.cookie)).toBe(true);
});
