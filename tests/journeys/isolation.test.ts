import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { append, HttpUser, messageBody, subscribe } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();

/** An answer without what differs from one request to the next. */
async function answerOf(response: Response, id: string): Promise<{ status: number; body: string }> {
  const body = await response.text();
  return {
    status: response.status,
    body: body.replaceAll(id, "<id>").replace(/nonce(=|":)"[^"]*"/g, "nonce"),
  };
}

type ManifestRoute = {
  id: string;
  parentId?: string;
  path?: string;
  index?: boolean;
  hasLoader: boolean;
  hasAction: boolean;
};

/** Routes that answer whoever is signed out. A new route is not among them until somebody decides so. */
const PUBLIC = new Set([
  "root",
  "routes/_auth",
  "routes/_auth.login",
  "routes/_auth.signup",
  "routes/_auth.forgot",
  "routes/_auth.reset",
  "routes/_auth.email",
  "routes/auth.$provider",
  "routes/auth.$provider_.callback",
  "routes/_index",
  "routes/logout",
  "routes/healthz",
]);

/** Remix's own list of routes, as the page has it. */
async function manifestOf(page: Page): Promise<ManifestRoute[]> {
  return page.evaluate(() => {
    const { __remixManifest } = window as unknown as {
      __remixManifest: { routes: Record<string, ManifestRoute> };
    };
    return Object.values(__remixManifest.routes);
  });
}

/** Every call that a route answers: its document, its data, its action. `file`: in the place of the owner's chat. */
function callsOf(routes: ManifestRoute[], chatId: string, file: string) {
  const byId = new Map(routes.map((route) => [route.id, route]));
  const pathOf = (route: ManifestRoute | undefined): string =>
    route ? [pathOf(byId.get(route.parentId ?? "")), route.path].filter(Boolean).join("/") : "";
  return routes.flatMap((route) => {
    const path = `/${pathOf(route)}`;
    const address = (suffix: string) => (id: string) => {
      const filled = path
        .replace(":chatId", id)
        .replace(":attachmentId", id === chatId ? file : id)
        .replace(":documentId", "1")
        .replace(":provider", "oidc");
      if (/[:*]/.test(filled)) throw new Error(`say what the parameters of ${route.id} stand for`);
      return filled + suffix;
    };
    const index = route.index ? "?index" : "";
    const data = path === "/" ? "_root.data" : ".data";
    return [
      { routeId: route.id, method: "GET", address: address("") },
      { routeId: route.id, method: "GET", address: address(data) },
      { routeId: route.id, method: "POST", address: address(index) },
      { routeId: route.id, method: "POST", address: address(data + index) },
    ];
  });
}

/** Stores a text file; gives its id. */
async function attach(user: HttpUser, text: string): Promise<string> {
  const headers = { origin: user.app.url, "x-file-name": "note.txt" };
  const response = await user.get("/attachments", { method: "POST", body: text, headers });
  return ((await response.json()) as { file: { id: string } }).file.id;
}

journey("another user's page, token and session answer like ones that are not there", async (journey) => {
  const { app, model, signedUp, check } = journey;
  const { page } = await signedUp();
  const { text, key } = question("A secret");
  model.answer(key, { text: "The answer to the secret." });
  await send(page, text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);

  const stranger = await new HttpUser(app).signUp();
  const missing = randomUUID();
  const routes: [string, (id: string) => Promise<Response>][] = [
    ["the page", (id) => stranger.get(`/chats/${id}`)],
    ["its data", (id) => stranger.get(`/chats/${id}?_data=routes%2Fchats.%24chatId`)],
    ["a token", (id) => stranger.post(`/chats/${id}/token`)],
    ["renaming", (id) => stranger.post(`/chats/${id}`, { intent: "rename", title: "mine now" })],
    ["deleting", (id) => stranger.post(`/chats/${id}`, { intent: "delete" })],
    ["sending", (id) => stranger.post(`/chats/${id}`, { intent: "send", message: "hello" })],
  ];
  for (const [what, ask] of routes) {
    const foreign = await answerOf(await ask(chatId), chatId);
    expect(foreign, what).toEqual(await answerOf(await ask(missing), missing));
    expect(foreign.status, what).toBe(404);
    expect(foreign.body, what).not.toContain(key);
  }
  expect((await stranger.post(`/chats/${chatId}/session`)).status, "a taken id").toBe(404);
  expect(await (await stranger.get("/chats")).text()).not.toContain(chatId);
  await check(chatId, [{ user: text, answer: "The answer to the secret." }], page);
});

journey(
  "no route of the manifest tells a foreign id from a missing one, or anything to whoever is signed out",
  async (journey) => {
    const { app, open } = journey;
    const owner = await new HttpUser(app).signUp();
    const { chatId } = await owner.newChat();
    const key = "A secret title";
    await owner.post(`/chats/${chatId}`, { intent: "rename", title: key });
    const file = await attach(owner, key);
    await app.query(`INSERT INTO "Document" ("chatId", "id", "kind") VALUES ($1, '1', 'html')`, [chatId]);
    await app.query(
      `INSERT INTO "DocumentVersion" ("chatId", "documentId", "number", "title", "text", "author", "callId", "digest")
       VALUES ($1, '1', 1, $2, $2, 'model', 'call', 'digest')`,
      [chatId, key],
    );
    const missing = randomUUID();
    const stranger = await new HttpUser(app).signUp();
    const nobody = new HttpUser(app);
    const { page } = await open();
    await page.goto("/login");
    const calls = callsOf(await manifestOf(page), chatId, file);
    expect(calls.length).toBeGreaterThan(20);
    for (const { routeId, method, address } of calls) {
      const ask = (user: HttpUser, id: string) =>
        user.get(address(id), method === "POST" ? { method, headers: { origin: app.url } } : {});
      const what = `${method} ${address("<id>")} of ${routeId}`;
      const signedOut = await answerOf(await ask(nobody, chatId), chatId);
      expect(signedOut.body, what).not.toContain(key);
      if (!PUBLIC.has(routeId)) expect([202, 302, 400, 401, 405], what).toContain(signedOut.status);
      if (!address("<id>").includes("<id>")) continue;
      const foreign = await answerOf(await ask(stranger, chatId), chatId);
      expect(foreign.body, what).not.toContain(key);
      expect([400, 404, 405], what).toContain(foreign.status);
      // Under a free id the session route makes a chat, so it cannot hide that one is taken.
      if (routeId === "routes/chats.$chatId.session") continue;
      expect(foreign, what).toEqual(await answerOf(await ask(stranger, missing), missing));
    }
    expect(await (await owner.get(`/chats/${chatId}`)).text(), "the owner still has it").toContain(key);
    expect(await (await owner.get(`/attachments/${file}`)).text(), "and the file").toBe(key);
  },
);

journey(
  "a token opens its own session and no other, and cannot write what the agent writes",
  async (journey) => {
    const { app, model } = journey;
    const owner = await new HttpUser(app).signUp();
    const own = await owner.newChat();
    const { text, key } = question("Mine");
    model.answer(key, { text: "Yours." });
    expect((await append(app, own.chatId, own.token, messageBody(own.chatId, text))).status).toBe(200);

    const stranger = await new HttpUser(app).signUp();
    const other = await stranger.newChat();
    const refused = async (response: Promise<Response>, what: string): Promise<void> => {
      const { status, body } = await response;
      await body?.cancel();
      expect([401, 403, 404], `${what} answered ${status}`).toContain(status);
    };
    const session = `/realtime/v1/sessions/${own.chatId}`;
    const withToken = (pathname: string, method: string, body?: string): Promise<Response> =>
      fetch(app.triggerUrl + pathname, {
        method,
        body,
        headers: { authorization: `Bearer ${other.token}`, "content-type": "application/json" },
      });
    const forged = messageBody(own.chatId, "forged");
    await refused(subscribe(app, own.chatId, other.token), "reading the stream");
    await refused(append(app, own.chatId, other.token, forged), "appending");
    await refused(withToken(`${session}/in`, "GET"), "reading the input");
    await refused(withToken(`${session}/in/records`, "GET"), "reading the input's records");
    await refused(withToken(`${session}/out/records`, "GET"), "reading the output's records");
    await refused(withToken(`${session}/out`, "HEAD"), "asking for the tail");
    await refused(withToken(`/api/v1/sessions/${own.chatId}`, "GET"), "reading the session");
    await refused(withToken(`/api/v1/sessions/${own.chatId}/close`, "POST", "{}"), "closing it");
    await refused(withToken(`/realtime/v1/sessions/${other.chatId}/out`, "PUT"), "writing one's own output");
    await refused(withToken("/api/v1/sessions", "GET"), "listing sessions");
    await refused(withToken("/engine/v1/dev/dequeue", "POST", "{}"), "the worker's protocol");
    await refused(subscribe(app, own.chatId, "no.such.token"), "a malformed token");
    await refused(fetch(`${app.triggerUrl}${session}/out`), "no token");

    const read = await subscribe(app, own.chatId, own.token);
    expect(read.status, "the owner's own token").toBe(200);
    await read.body?.cancel();
    expect(model.turns.filter(({ userText }) => userText.includes("forged"))).toEqual([]);
  },
);

journey(
  "signed out, pages lead to sign-in, JSON routes answer 401, and sign-out ends the session",
  async (journey) => {
    const { app } = journey;
    const user = await new HttpUser(app).signUp();
    const { chatId } = await user.newChat();
    const cookie = user.cookieHeader();
    const nobody = new HttpUser(app);
    const page = await nobody.get(`/chats/${chatId}`);
    expect(page.status).toBe(302);
    expect(page.headers.get("location")).toBe(`/login?redirectTo=${encodeURIComponent(`/chats/${chatId}`)}`);
    expect((await nobody.post(`/chats/${chatId}/token`)).status).toBe(401);
    expect((await nobody.post(`/chats/${randomUUID()}/session`)).status).toBe(401);

    expect((await user.post(`/chats/${chatId}/token`)).status).toBe(200);
    expect((await user.post("/logout")).headers.get("location")).toBe("/login");
    const replayed = await fetch(`${app.url}/chats/${chatId}/token`, {
      method: "POST",
      headers: { cookie, origin: app.url },
    });
    expect(replayed.status, "the old cookie").toBe(401);
  },
);

journey(
  "a request from another site is refused, one from a script without an Origin is not",
  async ({ app }) => {
    const user = await new HttpUser(app).signUp();
    const { chatId } = await user.newChat();
    for (const origin of ["https://elsewhere.example", "null"]) {
      for (const route of [`/chats/${chatId}/token`, `/chats/${chatId}`, "/logout", "/login"]) {
        expect((await user.post(route, {}, { origin })).status, `${origin} to ${route}`).toBe(403);
      }
    }
    const script = await user.get(`/chats/${chatId}/token`, { method: "POST" });
    expect(script.status).toBe(200);
  },
);
