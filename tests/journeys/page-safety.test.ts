import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { HttpUser } from "../support/http-user.ts";
import type { Journey } from "../support/journey.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { corpus, guardPage, policyOf, type PageGuard } from "../support/page-guard.ts";
import { chatIdOf, hydrated, newPerson, send, shown, signUp, waitAnswered } from "../support/page.ts";
import { startTrapServer, type TrapServer } from "../support/trap-server.ts";
import {
  answered,
  asked,
  chatsOf,
  toolParts,
  writtenChat,
  type WrittenMessage,
} from "../support/written-chat.ts";

const { journey } = journeys();

let trap: TrapServer;
let appUrl = "";
beforeAll(async () => {
  trap = await startTrapServer(
    () => `<!doctype html><title>Trap</title><iframe src="${appUrl}/login"></iframe>`,
  );
});
afterAll(() => trap.stop());

const CLEAN: PageGuard = { ran: [], blocked: [], strange: [] };

/** What a page asks for as it is shown it has asked for by now: this comes after it, and over the network too. */
const settled = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 2_000 }));
    await (await fetch("/healthz")).text();
  });

/** Opens each of these chats, as the server renders it and once its scripts run, and says what the page did. */
async function openAll(
  journey: Journey,
  chats: WrittenMessage[][],
  bypassPolicy: boolean,
): Promise<PageGuard> {
  const { page } = await journey.open({ bypassPolicy });
  const { email } = await signUp(page, newPerson(`<img src=x onerror=pwned('name')>`));
  const guard = await guardPage(page);
  for (const messages of chats) {
    const title = `</title><script>pwned('title')</script><img src=${trap.url}/title.png onerror=pwned('title')>`;
    const chatId = await writtenChat(journey.app, email, { title, messages });
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    expect((await shown(page)).length).toBe(messages.length);
    await settled(page);
  }
  return guard;
}

journey(
  "S6: no text of a person, a model, a tool, a title or a file name runs as a script",
  async (journey) => {
    const { texts = [], links = [], formulas = [] } = corpus("scripts", trap);
    expect(texts.length + links.length + formulas.length).toBeGreaterThan(70);
    const chats = chatsOf([
      ...[...texts, ...links, ...formulas].map(answered),
      asked(texts.join("\n\n")),
      ...texts
        .slice(0, 12)
        .map((text): WrittenMessage => ({ role: "assistant", parts: toolParts(text, trap.url) })),
    ]);
    // Once as it is, where the policy may have nothing to do, and once without the policy to stand behind.
    expect(await openAll(journey, chats, false)).toEqual(CLEAN);
    expect(await openAll(journey, chats, true)).toEqual(CLEAN);
  },
);

journey("S6: nothing runs while it arrives, cut into single characters", async (journey) => {
  const { texts = [], links = [], formulas = [] } = corpus("scripts", trap);
  const { page } = await journey.open({ bypassPolicy: true });
  await signUp(page);
  const guard = await guardPage(page);
  await page.reload();
  const all = [...texts, ...links, ...formulas].join("\n\nand then\n\n");
  const { text, key } = question(`Arrives ${texts[0]}`);
  journey.model.answer(key, { text: all, pieceSize: 1, pieceMs: 0, reasoning: texts.slice(0, 5).join(" ") });
  await send(page, text);
  await waitAnswered(page, 1, 60_000);
  const [user, answer] = await shown(page);
  expect(user?.text).toBe(text);
  expect(answer?.text).toContain("<script>pwned('script')</script>");
  expect(guard).toEqual(CLEAN);
});

journey("S7: what a model writes asks no other host for anything without a click", async (journey) => {
  const { texts = [], diagrams = [] } = corpus("leaks", trap);
  expect(texts.length).toBeGreaterThan(45);
  const chats = chatsOf([...texts.map(answered), asked(texts.join("\n\n"))]);
  trap.connections = 0;
  expect(await openAll(journey, chats, true), "without the policy").toEqual(CLEAN);
  expect(await openAll(journey, chats, false), "with the policy").toEqual(CLEAN);

  const drawn = diagrams.map((source) => answered(`\`\`\`mermaid\n${source}\n\`\`\``));
  const { page } = await journey.open();
  const { email } = await signUp(page);
  const guard = await guardPage(page);
  const chatId = await writtenChat(journey.app, email, { title: "Diagrams", messages: drawn });
  // What the policy of a frame stops it tells the console of the page.
  journey.expectedProblems.push(
    /violates the following Content Security Policy directive.*\/frames\/|frames\/diagram/s,
  );
  await page.goto(`/chats/${chatId}`);
  await hydrated(page);
  for (const diagram of await page.locator(".diagram").all()) {
    await diagram.scrollIntoViewIfNeeded();
    await expect.poll(() => diagram.getAttribute("data-diagram"), { timeout: 20_000 }).not.toBe("source");
  }
  expect(await page.locator(".diagram[data-diagram=drawn]").count()).toBeGreaterThan(4);
  await settled(page);
  expect(guard).toEqual(CLEAN);
  expect(trap.hits).toEqual([]);
  expect(trap.connections, "also no connection that asked nothing").toBe(0);
});

journey("S7: the policy alone keeps a page from asking another host, whatever is in it", async (journey) => {
  const { page } = await journey.signedUp();
  const guard = await guardPage(page);
  await page.goto("/chats");
  await hydrated(page);
  journey.expectedProblems.push(
    /Content Security Policy|Refused to|ERR_BLOCKED_BY_CSP|Failed to fetch|violates/,
  );
  await page.evaluate(async (address) => {
    const { texts } = { texts: ["img", "iframe", "script", "object", "embed", "link", "video", "audio"] };
    for (const name of texts) {
      const element = document.createElement(name);
      for (const attribute of ["src", "href", "data"]) element.setAttribute(attribute, `${address}/${name}`);
      element.setAttribute("rel", "stylesheet");
      document.body.append(element);
    }
    const style = document.createElement("div");
    style.setAttribute("style", `background:url(${address}/style)`);
    document.body.append(style);
    await fetch(`${address}/fetch`).catch(() => undefined);
    navigator.sendBeacon(`${address}/beacon`);
  }, trap.url);
  await expect.poll(() => guard.blocked.length).toBeGreaterThan(7);
  expect(trap.hits).toEqual([]);
});

journey("S8: a link of a model opens apart: without an opener, a referrer or a cookie", async (journey) => {
  const { page, context } = await journey.signedUp();
  const { text, key } = question("A link");
  journey.model.answer(key, { text: `See [the site](${trap.url}/clicked) and <mailto:a@example.org>.` });
  await send(page, text);
  await waitAnswered(page, 1);
  const link = page.getByRole("link", { name: "the site" });
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
  appUrl = journey.app.url;
  journey.expectedProblems.push(/frame-ancestors|X-Frame-Options|Refused to frame/);
  const [opened] = await Promise.all([context.waitForEvent("page"), link.click()]);
  await opened.waitForLoadState();
  expect(await opened.evaluate(() => [window.opener === null, document.referrer])).toEqual([true, ""]);
  expect(trap.hits[0]).toEqual({ path: "/clicked", referer: undefined, cookie: undefined });

  // S9: that page holds ours in a frame, which is refused.
  const frame = opened.frames().find((one) => one !== opened.mainFrame());
  expect(await frame?.content()).not.toContain("Password");
  appUrl = "";
});

journey(
  "S9, S10, S11: every answer has its policy, its nonce and its headers, and is kept nowhere",
  async (journey) => {
    const { app, model } = journey;
    const user = await new HttpUser(app).signUp();
    const { chatId, token } = await user.newChat();
    model.answer("nothing", { text: "x" });
    const pages = ["/chats", `/chats/${chatId}`, "/settings", "/chats/none", "/nowhere"];
    const others = [
      `/chats/${chatId}.data`,
      `/chats/${chatId}/messages?before=x`,
      "/settings/export",
      "/healthz",
    ];
    const nonces: string[] = [];
    for (const path of [...pages, ...others]) {
      const response = await user.get(path);
      const html = await response.text();
      const policy = policyOf(response);
      const nonce = /^'self' 'nonce-([^']{22,})'$/.exec(policy["script-src"] ?? "")?.[1] ?? "no nonce";
      nonces.push(nonce);
      expect(policy, path).toMatchObject({
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": `'self' ${app.triggerUrl}`,
        "frame-ancestors": "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
      });
      expect(Object.fromEntries(response.headers), path).toMatchObject({
        "cache-control": expect.stringMatching(/^no-store/) as string,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
      });
      expect(response.headers.has("strict-transport-security"), "not over http").toBe(false);
      for (const [, attributes = ""] of html.matchAll(/<script\b([^>]*)>/g)) {
        expect(attributes, path).toContain(`nonce="${nonce}"`);
      }
      expect(html, path).not.toMatch(/<[^>]+\s(style|on[a-z]+)=/);
      expect(html, "no other host is named by an element").not.toMatch(
        /<(script|link|img|iframe)[^>]+(src|href)="(https?:)?\/\//,
      );
    }
    expect(new Set(nonces).size, "a nonce for each answer").toBe(nonces.length);
    const renewed = await user.post(`/chats/${chatId}/token`);
    expect(renewed.headers.get("cache-control")).toBe("no-store");

    for (const name of ["diagram", "image"]) {
      const policy = policyOf(await user.get(`/frames/${name}`));
      expect(policy).toMatchObject({
        "default-src": "'none'",
        "script-src": `${app.url}/frames/`,
        "frame-ancestors": "'self'",
        sandbox: "allow-scripts",
      });
      expect(policy["img-src"]).toBe(name === "image" ? "http: https:" : "'none'");
    }

    const secure = await new HttpUser(app).post(
      "/signup",
      { ...newPerson() },
      { "x-forwarded-proto": "https", origin: app.url.replace("http:", "https:") },
    );
    expect(secure.status).toBe(302);
    expect(secure.headers.get("strict-transport-security")).toMatch(/^max-age=\d{8,}/);
    const cookie = secure.headers.getSetCookie().join("; ");
    for (const part of [/^__Host-/, /; HttpOnly/i, /; Secure/i, /; SameSite=Lax/i, /; Path=\//i]) {
      expect(cookie).toMatch(part);
    }
    expect(app.logs(10_000)).not.toContain(token);
    expect(app.logs(10_000)).not.toMatch(/eyJ[\w-]{20,}\.[\w-]{20,}/);
  },
);

journey(
  "S11, S12: no token is in an address, and no secret in what the browser is given",
  async (journey) => {
    const { app } = journey;
    const tab = await journey.open();
    const { page } = tab;
    const addresses: string[] = [];
    page.on("request", (request) => addresses.push(request.url()));
    await signUp(page);
    const { text, key } = question("Look at the addresses");
    journey.model.answer(key, { text: "Done." });
    await send(page, text);
    await chatIdOf(page);
    await waitAnswered(page, 1);
    await page.reload();
    await hydrated(page);
    expect(addresses.length).toBeGreaterThan(10);
    expect(
      addresses.filter((address) => /eyJ[\w-]{10,}|tr_(?!y)\w{6,}|[?&](token|key)=/.test(address)),
    ).toEqual([]);

    const scripts = new Map<string, string>();
    const queue = addresses
      .filter((address) => /\/assets\/[^?]+\.js/.test(address))
      .map((address) => new URL(address).pathname);
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (scripts.has(path)) continue;
      const source = await (await fetch(app.url + path)).text();
      scripts.set(path, source);
      for (const [found] of source.matchAll(/\/?assets\/[\w.$-]+\.js/g))
        queue.push(`/${found.replace(/^\//, "")}`);
      for (const [, found] of source.matchAll(/["']\.\/([\w.$-]+\.js)["']/g)) queue.push(`/assets/${found}`);
    }
    expect(scripts.size).toBeGreaterThan(20);
    const secrets = app.secrets();
    expect(secrets.length).toBeGreaterThan(1);
    const inside = /PrismaClient|postgresql:\/\/|node:crypto|SESSION_SECRET/;
    for (const [path, source] of scripts) {
      for (const secret of secrets) expect(source.includes(secret), `a secret in ${path}`).toBe(false);
      expect(inside.exec(source)?.[0], `what only the server has, in ${path}`).toBeUndefined();
    }
  },
);
