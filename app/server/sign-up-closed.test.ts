import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let route: typeof import("./auth-route.server.ts");
let users: typeof import("#app/models/user.server.ts");
let models: typeof import("#app/models/db.server.ts");

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  process.env.SIGNUP = "closed";
  route = await import("./auth-route.server.ts");
  users = await import("#app/models/user.server.ts");
  models = await import("#app/models/db.server.ts");
});
afterAll(async () => {
  delete process.env.SIGNUP;
  await models.disconnect();
  await database.drop();
});

const PASSWORD = "tuba plinth 49";

function submit(strategy: "sign-in" | "sign-up", fields: Record<string, string>) {
  const path = strategy === "sign-in" ? "/login" : "/signup";
  const body = new URLSearchParams(fields);
  const request = new Request(`http://127.0.0.1:3000${path}`, { method: "POST", body });
  return route.authAction(strategy, { request, context: { nonce: "", ip: "10.0.0.1" } });
}

test("a sign-up that was posted all the same is refused with 403, in words, and makes no account", async () => {
  const answer = await submit("sign-up", { name: "Ada", email: "ada@example.org", password: PASSWORD });
  expect(answer).toMatchObject({
    init: { status: 403 },
    data: { formError: "No new accounts can be made here at the moment." },
  });
  expect(await models.db().user.count()).toBe(0);
});

test("both forms are told that sign-up is closed", async () => {
  const request = new Request("http://127.0.0.1:3000/signup");
  const told = await route.authLoader({ request, params: {}, context: { nonce: "", ip: "10.0.0.1" } });
  expect(told).toMatchObject({ signUp: "closed" });
});

test("an account that is there already signs in as before", async () => {
  const { hashPassword } = await import("./password.server.ts");
  const passwordHash = await hashPassword(PASSWORD);
  await users.createUser({ name: "Grace", email: "grace@example.org", passwordHash });
  const answer = await submit("sign-in", { email: "grace@example.org", password: PASSWORD });
  expect(answer instanceof Response && answer.status).toBe(302);
});
