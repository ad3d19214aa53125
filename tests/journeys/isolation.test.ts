import { randomUUID } from "node:crypto";
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
