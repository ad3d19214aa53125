import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let auth: typeof import("./auth.server.ts");
let route: typeof import("./auth-route.server.ts");
let models: typeof import("#app/models/db.server.ts");

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  auth = await import("./auth.server.ts");
  route = await import("./auth-route.server.ts");
  models = await import("#app/models/db.server.ts");
});
afterAll(async () => {
  await models.disconnect();
  await database.drop();
});

const ADA = { name: "Ada", email: "ada@example.org", password: "tuba plinth 49" };
const COOKIE = "longrun_session_3000";
let address = 0;

function post(path: string, fields: Record<string, string>, cookie?: string): Request {
  const headers = { "User-Agent": "test", ...(cookie ? { Cookie: cookie } : {}) };
  return new Request(`http://127.0.0.1:3000${path}`, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers,
  });
}

/** What an action answered: a Response, or data with its status. */
type Answer = { status: number; headers: Headers; told?: Record<string, unknown> };

async function submit(
  strategy: "sign-in" | "sign-up",
  fields: Record<string, string>,
  cookie?: string,
  ip?: string,
) {
  const request = post(strategy === "sign-in" ? "/login" : "/signup", fields, cookie);
  const context = { nonce: "", ip: ip ?? `10.0.0.${address++ % 250}` };
  const answer = await route.authAction(strategy, { request, context });
  if (answer instanceof Response) return { status: answer.status, headers: answer.headers } as Answer;
  const { data, init } = answer;
  return { status: init?.status ?? 200, headers: new Headers(init?.headers), told: data } as Answer;
}

const cookieOf = (answer: Answer) => answer.headers.get("Set-Cookie")?.split(";")[0] ?? "";

async function newAccount(email: string, password = ADA.password): Promise<Answer> {
  return submit("sign-up", { name: "Someone", email, password });
}

const page = (cookie: string) => new Request("http://127.0.0.1:3000/chats", { headers: { Cookie: cookie } });

test("signing up sets a cookie that no script reads, and the database keeps only its hash", async () => {
  const answer = await submit("sign-up", { ...ADA, redirectTo: "/chats/abc?x=1" });
  expect(answer.status).toBe(302);
  expect(answer.headers.get("Location")).toBe("/chats/abc?x=1");
  const cookie = answer.headers.get("Set-Cookie") ?? "";
  expect(cookie).toMatch(new RegExp(`^${COOKIE}=[^;]+; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax$`));
  expect(await auth.currentUser(page(cookieOf(answer)))).toMatchObject({ email: ADA.email, name: "Ada" });

  const token = JSON.parse(atob(decodeURIComponent(cookieOf(answer).slice(COOKIE.length + 1)))) as string;
  const sessions = JSON.stringify(await models.db().loginSession.findMany());
  expect(token.length).toBeGreaterThanOrEqual(43);
  expect(sessions).not.toContain(token);
  const users = await models.db().user.findMany();
  expect(users[0]?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

test("over https the cookie is Secure and bound to the host", async () => {
  const request = new Request("https://chat.example/login", { method: "POST" });
  const { loginCookie } = await import("./login-cookie.server.ts");
  expect(await loginCookie(request, "token")).toMatch(
    /^__Host-longrun_session=.*Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
});

test("an address is the same account in any case, with any space around it", async () => {
  await newAccount("Grace.Hopper@Example.org");
  const again = await newAccount(" grace.hopper@example.ORG ");
  expect(again.status).toBe(400);
  expect(again.told?.fieldErrors).toHaveProperty("email");
  const answer = await submit("sign-in", { email: "GRACE.hopper@example.org ", password: ADA.password });
  expect(answer.status).toBe(302);
});

test("two sign-ups with one address at the same time make one account", async () => {
  const answers = await Promise.all([newAccount("twice@example.org"), newAccount("twice@example.org")]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([302, 400]));
});

test("every wrong field is named, what was typed comes back, the password does not", async () => {
  const answer = await submit("sign-up", { name: " ", email: "nobody", password: "short" });
  expect(answer.status).toBe(400);
  expect(answer.told?.fieldErrors).toEqual({
    name: "Enter your name.",
    email: "Enter an email address such as ada@example.org.",
    password: "Use at least 8 characters.",
  });
  expect(answer.told?.values).toEqual({ name: " ", email: "nobody" });
  expect(JSON.stringify(answer.told)).not.toContain("short");
});

test("a password of 900,000 characters is refused at once, with a sentence", async () => {
  const password = `a${"-".repeat(899_998)}a`;
  for (const strategy of ["sign-up", "sign-in"] as const) {
    const began = performance.now();
    const answer = await submit(strategy, { ...ADA, email: "long@example.org", password });
    // Linear: some milliseconds. Quadratic: many minutes.
    expect(performance.now() - began, strategy).toBeLessThan(2_000);
    expect(answer.status).toBe(400);
    expect(answer.told?.fieldErrors).toEqual({ password: "Use at most 256 characters." });
  }
});

test("sign-ups from one address are throttled before their form is looked at", async () => {
  const ip = "198.51.100.9";
  const { Throttle } = await import("./throttle.server.ts");
  const earlier = new Throttle({ name: "sign-up address", limit: 300, windowMs: 15 * 60 * 1000 });
  for (let tries = 0; tries < 299; tries++) await earlier.take(ip);
  const wrong = { name: "", email: "nobody", password: "short" };
  expect((await submit("sign-up", wrong, undefined, ip)).status).toBe(400);
  const refused = await submit("sign-up", wrong, undefined, ip);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
});

test("one of the commonest passwords is refused, and so is one's own address", async () => {
  const common = await newAccount("common@example.org", "Password123!");
  expect(common.told?.fieldErrors).toHaveProperty("password");
  const own = await newAccount("someoneelse@example.org", "someoneelse");
  expect(own.told?.fieldErrors).toHaveProperty("password");
});

test("a wrong password and an unknown address get the same answer, in the same time", async () => {
  await newAccount("known@example.org");
  const time = async (email: string) => {
    // The processor's time, which other work on the machine does not lengthen.
    const started = process.cpuUsage();
    const answer = await submit("sign-in", { email, password: "not the password" });
    expect(answer.status).toBe(400);
    expect(answer.told?.formError).toBe("The email address or the password is wrong.");
    return process.cpuUsage(started).user;
  };
  // The first call of each makes what later ones reuse.
  await time("known@example.org");
  await time("unknown@example.org");
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < 7; round++) {
    known.push(await time("known@example.org"));
    unknown.push(await time(`unknown${round}@example.org`));
  }
  const median = (all: number[]) => all.toSorted((a, b) => a - b)[3] ?? 0;
  expect(median(unknown), "an unknown address costs a hash too").toBeGreaterThan(median(known) / 2);
});

test("signing in starts a new session and ends the one that the browser had", async () => {
  const first = cookieOf(await newAccount("renew@example.org"));
  const second = cookieOf(
    await submit("sign-in", { email: "renew@example.org", password: ADA.password }, first),
  );
  expect(second).not.toBe(first);
  expect(await auth.currentUser(page(first))).toBeNull();
  expect(await auth.currentUser(page(second))).not.toBeNull();
});

test("signing out ends the session on the server, in this browser only", async () => {
  const email = "leaves@example.org";
  const here = cookieOf(await newAccount(email));
  const there = cookieOf(await submit("sign-in", { email, password: ADA.password }));
  const answer = await auth.signOut(post("/logout", {}, here));
  expect(answer.headers.get("Location")).toBe("/login");
  expect(answer.headers.get("Set-Cookie")).toContain("Max-Age=0");
  expect(await auth.currentUser(page(here))).toBeNull();
  expect(await auth.currentUser(page(there))).not.toBeNull();
});

test("an expired session and a made-up cookie sign nobody in", async () => {
  const cookie = cookieOf(await newAccount("expired@example.org"));
  await models.db().loginSession.updateMany({ data: { expiresAt: new Date(Date.now() - 1000) } });
  expect(await auth.currentUser(page(cookie))).toBeNull();
  for (const made of ["", "x", btoa('"made up"'), btoa("{}"), "%00"]) {
    expect(await auth.currentUser(page(`${COOKIE}=${made}`))).toBeNull();
  }
});

test("guesses at one account are throttled with Retry-After, whatever address they come from", async () => {
  const email = "guessed@example.org";
  await newAccount(email);
  for (let i = 0; i < 10; i++) {
    expect((await submit("sign-in", { email, password: `guess ${i}` })).status).toBe(400);
  }
  const answer = await submit("sign-in", { email, password: ADA.password });
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(answer.told?.formError).toMatch(/^Too many attempts/);
  expect((await submit("sign-in", { email: ADA.email, password: ADA.password })).status).toBe(302);
});

test("guesses from one address are throttled, whatever accounts they are at, and hold none of these back", async () => {
  const [ip, other] = ["198.51.100.7", "198.51.100.8"];
  await newAccount("at-home@example.org");
  const { Throttle } = await import("./throttle.server.ts");
  const earlier = new Throttle({ name: "sign-in address", limit: 100, windowMs: 15 * 60 * 1000 });
  for (let tries = 0; tries < 98; tries++) await earlier.take(ip);
  const guess = (email: string) => submit("sign-in", { email, password: "a guess" }, undefined, ip);
  expect((await guess("one@example.org")).status).toBe(400);
  expect((await guess("two@example.org")).status).toBe(400);
  const refused = await guess("at-home@example.org");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
  for (let tries = 0; tries < 12; tries++) await guess("at-home@example.org");
  const right = { email: "at-home@example.org", password: ADA.password };
  expect((await submit("sign-in", right, undefined, ip)).status).toBe(429);
  expect((await submit("sign-in", right, undefined, other)).status).toBe(302);
});

test("guesses sent all at once do not pass the limit together", async () => {
  const email = "burst@example.org";
  const guesses = Array.from({ length: 14 }, (_, i) => submit("sign-in", { email, password: `guess ${i}` }));
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 400)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(4);
});

test("signed out, a page leads to the sign-in that comes back, and JSON is 401", async () => {
  const request = new Request("http://127.0.0.1:3000/chats?older=120");
  const redirect = (await auth.requireUser(request).catch((thrown: unknown) => thrown)) as Response;
  expect(redirect.status).toBe(302);
  expect(redirect.headers.get("Location")).toBe("/login?redirectTo=%2Fchats%3Folder%3D120");
  const refused = (await auth.requireUserJson(request).catch((thrown: unknown) => thrown)) as Response;
  expect(refused.status).toBe(401);
});

test("whoever is signed in is sent on from the sign-in page, and never to another site", async () => {
  const cookie = cookieOf(await newAccount("already@example.org"));
  const load = (url: string, withCookie: boolean) =>
    route.authLoader({
      request: new Request(url, { headers: withCookie ? { Cookie: cookie } : {} }),
      params: {},
      context: { nonce: "", ip: "" },
    });
  const sent = (await load("http://127.0.0.1:3000/login", true).catch(
    (thrown: unknown) => thrown,
  )) as Response;
  expect(sent.headers.get("Location")).toBe("/chats");
  const foreign = await load("http://127.0.0.1:3000/login?redirectTo=https%3A%2F%2Fevil.example", false);
  expect(foreign).toEqual({ redirectTo: "/chats", invite: "", signUp: "open", providers: [], problem: null });
});
