import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let route: typeof import("./auth-route.server.ts");
let invites: typeof import("#app/models/invite.server.ts");
let models: typeof import("#app/models/db.server.ts");

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  process.env.SIGNUP = "invite";
  route = await import("./auth-route.server.ts");
  invites = await import("#app/models/invite.server.ts");
  models = await import("#app/models/db.server.ts");
  expect((await signUp("first@example.org")).status, "the first account needs no invitation").toBe(302);
});
afterAll(async () => {
  delete process.env.SIGNUP;
  await models.disconnect();
  await database.drop();
});

const context = { nonce: "", ip: "10.0.0.1" };

async function signUp(email: string, invite = "") {
  const body = new URLSearchParams({ name: "Ada", email, password: "tuba plinth 49", invite });
  const request = new Request("http://127.0.0.1:3000/signup", { method: "POST", body });
  const answer = await route.authAction("sign-up", { request, context });
  if (answer instanceof Response) return { status: answer.status, told: undefined };
  return { status: answer.init?.status ?? 200, told: answer.data.formError };
}

async function newInvite(): Promise<string> {
  const admin = await models.db().user.findFirstOrThrow({ where: { role: "admin" } });
  return invites.createInvite(admin.id);
}

async function told(invite = ""): Promise<string> {
  const request = new Request(`http://127.0.0.1:3000/signup?${new URLSearchParams({ invite })}`);
  return (await route.authLoader({ request, params: {}, context })).signUp;
}

const accounts = (email: string) => models.db().user.count({ where: { email } });

test("the first account is the admin, the next ones are members", async () => {
  const token = await newInvite();
  expect((await signUp("member@example.org", token)).status).toBe(302);
  const users = await models.db().user.findMany({ orderBy: { createdAt: "asc" } });
  expect(users.map(({ email, role }) => [email, role])).toEqual([
    ["first@example.org", "admin"],
    ["member@example.org", "member"],
  ]);
});

test("without an invitation, or with a made-up one, no account is made", async () => {
  for (const [invite, page] of [
    ["", "invite"],
    ["made up", "spent"],
  ] as const) {
    expect(await told(invite)).toBe(page);
    expect((await signUp("stranger@example.org", invite)).status).toBe(403);
  }
  expect(await accounts("stranger@example.org")).toBe(0);
});

test("an invitation makes one account, also when two come at the same time", async () => {
  const token = await newInvite();
  expect(await told(token)).toBe("invited");
  const answers = await Promise.all(["a", "b", "c"].map((who) => signUp(`${who}@example.org`, token)));
  expect(answers.filter(({ status }) => status === 302)).toHaveLength(1);
  expect(
    await models
      .db()
      .user.count({ where: { email: { in: ["a@example.org", "b@example.org", "c@example.org"] } } }),
  ).toBe(1);
  expect(await told(token)).toBe("spent");
  expect((await signUp("late@example.org", token)).status).toBe(403);
});

test("an address that is taken does not use the invitation up", async () => {
  const token = await newInvite();
  expect((await signUp("first@example.org", token)).status).toBe(400);
  expect((await signUp("second-try@example.org", token)).status).toBe(302);
});

test("an invitation that was revoked or is too old makes no account", async () => {
  const revoked = await newInvite();
  const [row] = await invites.listInvites(1);
  expect(await invites.revokeInvite(row?.id ?? "")).toBe(true);
  const old = await newInvite();
  await models
    .db()
    .invite.updateMany({ where: { usedAt: null }, data: { expiresAt: new Date(Date.now() - 1) } });
  for (const token of [revoked, old]) expect((await signUp("nobody@example.org", token)).status).toBe(403);
  expect(await accounts("nobody@example.org")).toBe(0);
});

test("the database keeps no token of an invitation", async () => {
  const token = await newInvite();
  expect(JSON.stringify(await models.db().invite.findMany())).not.toContain(token);
});
