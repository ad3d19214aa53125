import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { BrowserOfRoutes } from "../support/browser-of-routes.ts";
import { GithubDouble } from "../support/github-double.ts";
import { CLIENT, IdentityProvider, throughProvider } from "../support/identity-provider.ts";
import { outcome, WebUnderTest } from "../support/web-routes.ts";

const HOME = "http://127.0.0.1:3000";
const PASSWORD = "tuba plinth 49";

let web: WebUnderTest;
let idp: IdentityProvider;
let github: GithubDouble;
let begin: typeof import("#app/routes/auth.$provider.ts");
let callback: typeof import("#app/routes/auth.$provider_.callback.ts");
let connecting: typeof import("#app/routes/auth.$provider_.connect.ts");
let login: typeof import("#app/routes/_auth.login.tsx");
let auth: typeof import("#app/server/auth.server.ts");
let passwords: typeof import("#app/server/password.server.ts");

const VARIABLES = () => ({
  OIDC_ISSUER: idp.issuer,
  OIDC_CLIENT_ID: CLIENT.id,
  OIDC_CLIENT_SECRET: CLIENT.secret,
  OIDC_NAME: "Acme",
  GITHUB_URL: github.url,
  GITHUB_CLIENT_ID: CLIENT.id,
  GITHUB_CLIENT_SECRET: CLIENT.secret,
});

beforeAll(async () => {
  idp = await IdentityProvider.start(`${HOME}/auth/oidc/callback`);
  github = await GithubDouble.start();
  Object.assign(process.env, VARIABLES());
  web = await WebUnderTest.start();
  begin = await import("#app/routes/auth.$provider.ts");
  callback = await import("#app/routes/auth.$provider_.callback.ts");
  connecting = await import("#app/routes/auth.$provider_.connect.ts");
  login = await import("#app/routes/_auth.login.tsx");
  auth = await import("#app/server/auth.server.ts");
  passwords = await import("#app/server/password.server.ts");
});
afterAll(async () => {
  for (const name of Object.keys(VARIABLES())) delete process.env[name];
  await web.stop();
  await Promise.all([idp.stop(), github.stop()]);
});

type Kind = "oidc" | "github";
const KINDS: Kind[] = ["oidc", "github"];
let number = 0;

/** Somebody new is at the provider. */
function newcomer(given: { email?: string; verified?: boolean; name?: string } = {}): string {
  number++;
  const email = given.email ?? `person${number}@example.org`;
  const verified = given.verified ?? true;
  const name = given.name ?? `Person ${number}`;
  idp.person = { sub: `sub-${number}`, email, email_verified: verified, name };
  github.user = { id: number, login: `login${number}`, name };
  github.emails = [
    { email: "other@example.org", primary: false, verified: true },
    { email, primary: true, verified },
  ];
  return email;
}
beforeEach(() => void newcomer());

/** From our page to the provider and back to our door, which is not opened yet. */
async function backFrom(kind: Kind, browser: BrowserOfRoutes, query = "", change = (url: URL) => url) {
  const there = await browser.get(begin, `/auth/${kind}${query}`, kind);
  return throughProvider(change(new URL(there)).href, HOME);
}

const enter = (kind: Kind, browser: BrowserOfRoutes, at: string) => browser.get(callback, at, kind);

async function signIn(kind: Kind, browser = new BrowserOfRoutes(HOME), query = ""): Promise<string> {
  return enter(kind, browser, await backFrom(kind, browser, query));
}

const whoIs = (browser: BrowserOfRoutes) => auth.currentUser(browser.request("/chats"));
const accounts = (email: string) =>
  web.db().user.findMany({ where: { email }, include: { identities: true } });
const problem = (kind: Kind, what: string) => `/login?provider=${kind}&problem=${what}`;

/** Somebody with a password, signed in. */
async function member(email: string): Promise<BrowserOfRoutes> {
  const browser = new BrowserOfRoutes(HOME);
  const { cookie, userId } = await web.person();
  const passwordHash = await passwords.hashPassword(PASSWORD);
  await web.db().user.update({ where: { id: userId }, data: { email, passwordHash } });
  const at = cookie.indexOf("=");
  browser.cookies.set(cookie.slice(0, at), cookie.slice(at + 1));
  return browser;
}

async function save(browser: BrowserOfRoutes, fields: Record<string, string>) {
  const work = web.routes.settings.action({
    request: browser.request("/settings", fields),
    params: {},
    context: browser.context,
  });
  const answer = await work;
  if (answer instanceof Response) browser.keep(answer);
  return outcome(Promise.resolve(answer));
}

/** Through the form of the settings, the page that leads on, the provider, and back. */
async function connect(kind: Kind, browser: BrowserOfRoutes): Promise<string> {
  const asked = await save(browser, { intent: "connect", provider: kind, connectPassword: PASSWORD });
  expect(asked).toMatchObject({ status: 302, location: `/auth/${kind}/connect` });
  const there = await browser.get(connecting, `/auth/${kind}/connect`, kind);
  return enter(kind, browser, await throughProvider(there, HOME));
}

test.each(KINDS)(
  "%s: who comes first gets an account, who comes again the same one, and goes where they wanted",
  async (kind) => {
    const email = newcomer();
    const browser = new BrowserOfRoutes(HOME);
    expect(await signIn(kind, browser, "?redirectTo=/chats/abc%3Fx%3D1")).toBe("/chats/abc?x=1");
    const first = await whoIs(browser);
    expect(first).toMatchObject({ email, name: `Person ${number}` });
    expect(await accounts(email)).toMatchObject([{ passwordHash: null, identities: [{ label: email }] }]);
    const again = new BrowserOfRoutes(HOME);
    // The address at the provider is another one meanwhile: it is still the same person.
    idp.person.email = github.emails[1]!.email = "moved@example.org";
    expect(await signIn(kind, again, "?redirectTo=//evil.example")).toBe("/chats");
    expect(await whoIs(again)).toEqual(first);
    expect(github.refused).toEqual([]);
  },
);

test.each(KINDS)("%s: an answer with a state that was not given out signs nobody in", async (kind) => {
  const [browser, other] = [new BrowserOfRoutes(HOME), new BrowserOfRoutes(HOME)];
  const at = await backFrom(kind, browser);
  const foreign = await backFrom(kind, other);
  const changed = new URL(at);
  changed.searchParams.set("state", "of somebody else");
  expect(await enter(kind, browser, changed.href), "its own code").toBe(problem(kind, "refused"));
  await backFrom(kind, browser);
  expect(await enter(kind, browser, foreign), "another's").toBe(problem(kind, "refused"));
  expect(await enter(kind, browser, at), "one try for each begin").toBe(problem(kind, "stale"));
  expect(await enter(kind, new BrowserOfRoutes(HOME), foreign), "in another browser").toBe(
    problem(kind, "stale"),
  );
  expect(await whoIs(browser)).toBeNull();
});

test.each(KINDS)(
  "%s: a code that was not asked for by this browser is refused by its verifier",
  async (kind) => {
    const browser = new BrowserOfRoutes(HOME);
    const at = await backFrom(kind, browser, "", (url) => {
      url.searchParams.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
      return url;
    });
    expect(await enter(kind, browser, at)).toBe(problem(kind, "refused"));
    github.refused.length = 0;
  },
);

test.each(KINDS)("%s: a code is good once, even with the cookie that began it", async (kind) => {
  const browser = new BrowserOfRoutes(HOME);
  const at = await backFrom(kind, browser);
  const kept = new Map(browser.cookies);
  expect(await enter(kind, browser, at)).toBe("/chats");
  const thief = new BrowserOfRoutes(HOME);
  for (const [name, value] of kept) thief.cookies.set(name, value);
  expect(await enter(kind, thief, at)).toBe(problem(kind, "refused"));
  expect(await whoIs(thief)).toBeNull();
  github.refused.length = 0;
});

test("an id token with another nonce signs nobody in", async () => {
  const browser = new BrowserOfRoutes(HOME);
  const at = await backFrom("oidc", browser, "", (url) => {
    expect(url.searchParams.get("nonce")?.length).toBeGreaterThanOrEqual(32);
    url.searchParams.set("nonce", "of somebody else");
    return url;
  });
  expect(await enter("oidc", browser, at)).toBe(problem("oidc", "refused"));
  expect(await whoIs(browser)).toBeNull();
});

test("an id token that the provider's published key did not sign signs nobody in", async () => {
  const { beginAt, personFrom } = await import("#app/server/provider-client.server.ts");
  const redirectUri = `${HOME}/auth/oidc/callback`;
  const other = await IdentityProvider.start(redirectUri);
  const provider = {
    id: "oidc" as const,
    name: "Other",
    issuer: other.issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    redirectUri,
  };
  const come = async () => {
    const begun = await beginAt(provider, false);
    return personFrom(provider, new URL(await throughProvider(begun.url, HOME)).search, begun);
  };
  other.person = { sub: "s", email: "s@example.org", email_verified: true };
  other.publishesOtherKeys = true;
  await expect(come()).rejects.toMatchObject({ problem: "refused" });
  await other.stop();
});

test.each(KINDS)("%s: an address that is not verified makes no account", async (kind) => {
  const email = newcomer({ verified: false });
  expect(await signIn(kind)).toBe(problem(kind, "unverified"));
  expect(await accounts(email)).toEqual([]);
});

test.each(KINDS)(
  "%s: the address of an account that is there opens nothing; its owner connects it, and then it does",
  async (kind) => {
    const email = newcomer({ email: `owner.${kind}@example.org` });
    const owner = await member(email);
    const stranger = new BrowserOfRoutes(HOME);
    expect(await signIn(kind, stranger)).toBe(problem(kind, "exists"));
    expect(await whoIs(stranger)).toBeNull();
    expect((await accounts(email))[0]?.identities).toEqual([]);
    const shown = await login.loader({
      request: new Request(`${HOME}${problem(kind, "exists")}`),
      params: {},
      context: owner.context,
    });
    expect(shown.problem).toMatch(
      /^There is an account with your address already\. Sign in to it first, then connect/,
    );

    const wrong = await save(owner, { intent: "connect", provider: kind, connectPassword: "a wrong guess" });
    expect([wrong.status, JSON.parse(wrong.body)]).toMatchObject([
      400,
      { fieldErrors: { connectPassword: /not/ } },
    ]);
    expect(await connect(kind, owner)).toBe("/settings?saved=connected#sign-in-ways");
    expect(await signIn(kind, stranger)).toBe("/chats");
    expect(await whoIs(stranger)).toMatchObject({ email });

    const thief = await member(`thief.${kind}@example.org`);
    expect(await connect(kind, thief), "it is connected already").toBe(
      `/settings?provider=${kind}&problem=taken#sign-in-ways`,
    );
    newcomer();
    expect(await connect(kind, owner), "one of each provider").toBe(
      `/settings?provider=${kind}&problem=another#sign-in-ways`,
    );
  },
);

test("what one person began to connect is not connected with whoever signed in meanwhile", async () => {
  const [ada, eve] = [await member("ada.begins@example.org"), await member("eve.ends@example.org")];
  await save(ada, { intent: "connect", provider: "oidc", connectPassword: PASSWORD });
  const there = await ada.get(connecting, "/auth/oidc/connect", "oidc");
  const at = await throughProvider(there, HOME);
  for (const [name, value] of ada.cookies) if (name.includes("flow")) eve.cookies.set(name, value);
  expect(await eve.get(connecting, "/auth/oidc/connect", "oidc")).toBe("/settings#sign-in-ways");
  expect(await enter("oidc", eve, at)).toBe("/settings?provider=oidc&problem=signedOut#sign-in-ways");
  for (const email of ["ada.begins@example.org", "eve.ends@example.org"]) {
    expect((await accounts(email))[0]?.identities).toEqual([]);
  }
});

test("an account without a password keeps its one way in, sets a password after a fresh sign-in, and then may let go", async () => {
  const email = newcomer();
  const browser = new BrowserOfRoutes(HOME);
  await signIn("oidc", browser);
  const last = await save(browser, { intent: "disconnect", provider: "oidc" });
  expect(last.status).toBe(400);
  expect(last.body).toEqual(expect.stringContaining("You sign in by Acme alone."));
  await web.db().loginSession.updateMany({ data: { createdAt: new Date(Date.now() - 11 * 60_000) } });
  const set = { intent: "password", newPassword: PASSWORD };
  const erase = { intent: "delete", confirmation: email };
  const others: Record<string, string>[] = [
    { intent: "email", newEmail: "x@example.org" },
    { intent: "connect", provider: "github" },
  ];
  for (const fields of [set, erase, ...others]) {
    const stale = await save(browser, fields);
    expect([stale.status, stale.body]).toMatchObject([403, expect.stringContaining("Sign in again first")]);
  }
  expect(await signIn("oidc", browser, "?again=1&redirectTo=/settings")).toBe("/settings");
  expect(await save(browser, set)).toMatchObject({ status: 302, location: "/settings?saved=password" });
  expect((await accounts(email))[0]?.passwordHash).toMatch(/^\$argon2id/);
  expect(await save(browser, { intent: "disconnect", provider: "oidc" })).toMatchObject({ status: 302 });
  expect((await accounts(email))[0]?.identities).toEqual([]);
});

test("of two ways in that are let go at the same time one remains", async () => {
  const email = newcomer();
  const browser = new BrowserOfRoutes(HOME);
  await signIn("oidc", browser);
  expect(await connect("github", browser)).toBe("/settings?saved=connected#sign-in-ways");
  const gone = await Promise.all(KINDS.map((provider) => save(browser, { intent: "disconnect", provider })));
  expect(gone.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([302, 400]);
  expect((await accounts(email))[0]?.identities).toHaveLength(1);
});

test.each(KINDS)("%s: a disabled account is refused, and its sign-ins are gone", async (kind) => {
  const email = newcomer();
  await signIn(kind);
  await web.db().user.update({ where: { email }, data: { disabledAt: new Date() } });
  const browser = new BrowserOfRoutes(HOME);
  expect(await signIn(kind, browser)).toBe(problem(kind, "disabled"));
  expect(await whoIs(browser)).toBeNull();
});

test("whoever says no at the provider is told so, and one that is not configured is not there", async () => {
  const browser = new BrowserOfRoutes(HOME);
  const there = new URL(await browser.get(begin, "/auth/oidc", "oidc"));
  const no = new URLSearchParams({
    error: "access_denied",
    state: there.searchParams.get("state") ?? "",
    iss: idp.issuer,
  });
  expect(await enter("oidc", browser, `/auth/oidc/callback?${no}`)).toBe(problem("oidc", "cancelled"));
  await expect(browser.get(begin, "/auth/google", "google")).rejects.toMatchObject({ status: 404 });
});

test("a browser that came by another name is sent on under the public address first", async () => {
  const browser = new BrowserOfRoutes("http://localhost:3000");
  const moved = await browser.get(begin, "/auth/oidc?redirectTo=/chats", "oidc");
  expect(moved).toBe(`${HOME}/auth/oidc?redirectTo=%2Fchats&moved=`);
  expect(browser.cookies.size).toBe(0);
});

test.each(KINDS)("%s: while the provider is down, that is said, before it and after it", async (kind) => {
  const browser = new BrowserOfRoutes(HOME);
  const at = await backFrom(kind, browser);
  if (kind === "github") github.failing = 503;
  else await idp.stop();
  expect(await enter(kind, browser, at)).toBe(problem(kind, "down"));
  expect(await whoIs(browser)).toBeNull();
});
