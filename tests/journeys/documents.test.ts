import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();
const PHONE = { width: 390, height: 844 };

const panel = (page: Page) => page.locator("aside.document");
const written = (page: Page) => page.locator("[data-document-text]");
const opener = (page: Page) => page.getByRole("link", { name: /^Open / });

const write = (input: {
  title: string;
  kind: string;
  text: string;
  documentId?: string;
  language?: string;
}) => ({
  name: "writeDocument",
  input,
});

async function untilWritten(page: Page, wanted: (text: string) => boolean): Promise<void> {
  let text = "";
  const look = async () => wanted((text = (await written(page).textContent({ timeout: 200 })) ?? ""));
  await eventually(() => look().catch(() => false), {
    what: () => `the panel shows "${text.slice(-300)}"`,
    ms: 30_000,
  });
}

journey(
  "a document streams into the panel, through a reload and in a second tab; its versions show what changed",
  async ({ app, model, signedUp }) => {
    const tab = await signedUp();
    const { page } = tab;
    const first = question("Write me a poem");
    const text = numberedWords(120, "line");
    const prepared = model.answer(first.key, {
      tool: write({ title: "A poem", kind: "markdown", text }),
      toolPieceSize: 12,
      holdToolAfter: 40,
      text: "There it is.",
    });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    await untilWritten(page, (shown) => shown.length > 300 && text.startsWith(shown.trim()));
    await expect.poll(() => page.url()).toContain("call=");

    await page.reload();
    await untilWritten(page, (shown) => shown.length > 300 && text.startsWith(shown.trim()));
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await opener(second).click();
    await untilWritten(second, (shown) => shown.length > 300 && text.startsWith(shown.trim()));
    await hydrated(page);

    prepared.release();
    for (const shownOn of [page, second]) {
      await untilWritten(shownOn, (shown) => shown.trim() === text);
      await waitAnswered(shownOn, 1);
      await expect.poll(() => shownOn.url()).toContain("document=1");
    }

    const more = question("Change a line");
    model.answer(more.key, {
      tool: {
        name: "editDocument",
        input: { documentId: "1", edits: [{ find: "line7 ", replace: "LINE " }] },
      },
      text: "Changed.",
    });
    await send(page, more.text);
    await waitAnswered(page, 2);
    const changed = text.replace("line7 ", "LINE ");
    for (const shownOn of [page, second]) {
      await untilWritten(shownOn, (shown) => shown.trim() === changed);
      await panel(shownOn).getByText("Version 2 of 2").waitFor();
    }
    const asked = model.askedFor(more.key).map(({ request }) => JSON.stringify(request.messages));
    expect(asked[0]).toContain("A poem");

    await page.getByRole("link", { name: "Changes" }).click();
    expect(await panel(page).locator("del").textContent()).toBe(text);
    expect(await panel(page).locator("ins").textContent()).toBe(changed);
    await page.getByRole("link", { name: "Older version" }).click();
    await panel(page).getByText("Version 1 of 2").waitFor();
    await page.getByRole("link", { name: "Preview" }).click();
    await untilWritten(page, (shown) => shown.trim() === text);
    expect(page.url()).toContain("version=1");
    await page.reload();
    await untilWritten(page, (shown) => shown.trim() === text);
    await hydrated(page);
    await page.getByRole("link", { name: "Newer version" }).focus();
    await page.keyboard.press("ArrowRight");
    await untilWritten(page, (shown) => shown.trim() === changed);
    expect(await app.query(`SELECT 1 FROM "DocumentVersion" WHERE "chatId" = $1`, [chatId])).toHaveLength(2);

    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download the document" }).click();
    expect((await download).suggestedFilename()).toBe("A-poem.md");
  },
);

journey(
  "by hand: a version of the person's own, without scripts too; the model is told of it and reads it",
  async ({ model, signedUp, open }) => {
    const tab = await signedUp();
    const { page } = tab;
    const first = question("A list");
    model.answer(first.key, {
      tool: write({ title: "List", kind: "markdown", text: "- milk\n- bread" }),
      text: "Done.",
    });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const second = await openSecondPage(tab, `/chats/${chatId}?document=1`);
    await hydrated(second);
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByLabel("Text", { exact: true }).fill("- milk\n- tea");
    await page.reload();
    await hydrated(page);
    // Kept over the reload.
    await expect.poll(() => page.getByLabel("Text", { exact: true }).inputValue()).toBe("- milk\n- tea");
    await page.getByRole("button", { name: "Save as version 2" }).click();
    for (const shownOn of [page, second]) await untilWritten(shownOn, (shown) => /milk\s*tea/.test(shown));
    await panel(page).getByText("by you").waitFor();

    const plain = await open({ scripts: false });
    await plain.context.addCookies(await tab.context.cookies());
    await plain.page.goto(`/chats/${chatId}?document=1&version=1`);
    expect(await written(plain.page).textContent()).toMatch(/milk\s*bread/);
    await plain.page.getByRole("link", { name: "Newer version" }).click();
    expect(await written(plain.page).textContent()).toMatch(/milk\s*tea/);
    await plain.page.getByRole("link", { name: "Changes" }).click();
    expect(await panel(plain.page).locator("ins").textContent()).toBe("- tea");
    await plain.page.getByRole("link", { name: "Edit", exact: true }).click();
    await plain.page.getByLabel("Text", { exact: true }).fill("- milk\n- tea\n- jam");
    await plain.page.getByRole("button", { name: "Save as version 3" }).click();
    expect(await written(plain.page).textContent()).toMatch(/milk\s*tea\s*jam/);
    await plain.page.getByRole("link", { name: "Close the document" }).click();
    expect(await panel(plain.page).count()).toBe(0);

    const next = question("Go on");
    model.answer(next.key, { tool: { name: "readDocument", input: { documentId: "1" } }, text: "I see." });
    await send(page, next.text);
    await waitAnswered(page, 2);
    const told = model.askedFor(next.key).map(({ request }) => JSON.stringify(request.messages));
    expect(told[0]).toContain("version 3, written by the person");
    expect(told[1]).toContain("- milk\\\\n- tea\\\\n- jam");
  },
);

journey(
  "kill -9 of the worker in mid-write, and right after: one version, and the answer is whole",
  async ({ app, model, signedUp }) => {
    const { page } = await signedUp();
    const { text, key } = question("Survive");
    const body = numberedWords(80);
    const tool = write({ title: "Survivor", kind: "markdown", text: body });
    const prepared = model.answer(key, (attempt) => ({
      tool,
      toolPieceSize: 10,
      text: "It is written, whole.",
      ...(attempt === 1 ? { holdToolAfter: 20 } : attempt === 3 ? { holdAfter: 2 } : {}),
    }));
    const kill = async (): Promise<void> => {
      const back = app.keepDown("worker");
      for (const pid of app.runPids().values()) process.kill(pid, "SIGKILL");
      await eventually(() => app.runPids().size === 0, { what: () => "run processes outlive kill -9" });
      back();
    };
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    await untilWritten(page, (shown) => shown.length > 60);
    await kill();
    // The second run writes it, and dies with the version made and the answer open.
    await eventually(() => prepared.asked.length >= 3 && (prepared.asked[2]?.sent.length ?? 0) > 0, {
      what: () => `the model was asked ${prepared.asked.length} times\n${app.logs()}`,
      ms: 60_000,
    });
    await kill();
    prepared.release();
    await waitAnswered(page, 1, 60_000);
    const rows = await app.query<{ text: string }>(`SELECT text FROM "DocumentVersion" WHERE "chatId" = $1`, [
      chatId,
    ]);
    expect(rows).toEqual([{ text: body }]);
    expect(
      await page
        .locator("[data-part=tool-writeDocument]")
        .evaluateAll((all) => all.map((one) => one.getAttribute("data-state"))),
    ).toEqual(["output-available"]);
    await untilWritten(page, (shown) => shown.trim() === body);
  },
);

journey(
  "on a phone it takes the place of the chat; Esc and Back return to where it was opened",
  async (journey) => {
    const { page } = await journey.signedUp({ viewport: PHONE });
    const { text, key } = question("Code");
    const code = `const answer = 42; // ${"long ".repeat(60)}\nexport default answer;\n`;
    journey.model.answer(key, {
      tool: write({ title: "answer.ts", kind: "code", language: "typescript", text: code }),
      text: "Here.",
    });
    await send(page, text);
    await waitAnswered(page, 1);
    expect(await panel(page).count(), "it does not open by itself").toBe(0);
    const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    for (const close of ["Escape", "Back"]) {
      await opener(page).focus();
      await page.keyboard.press("Enter");
      await panel(page).locator(".hljs-keyword").first().waitFor();
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H2");
      expect(await sideways()).toBeLessThanOrEqual(0);
      const box = await panel(page).boundingBox();
      expect(box).toMatchObject({ x: 0, y: 0, width: 390, height: 844 });
      if (close === "Escape") await page.keyboard.press("Escape");
      else await page.getByRole("link", { name: "Back to the chat" }).click();
      await panel(page).waitFor({ state: "detached" });
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Open");
    }
  },
);

/** Counts everything that reaches it: a request, a connection that asks nothing, a datagram. */
async function trap() {
  const hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response.end("trapped");
  });
  server.on("connection", () => hits.push("connection"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const udp = createSocket("udp4", () => hits.push("datagram"));
  await new Promise<void>((done) => udp.bind(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    server.close();
    udp.close();
  };
  return { hits, url: `http://127.0.0.1:${port}`, stun: `stun:127.0.0.1:${udp.address().port}`, stop };
}

/** A page that tries every way out, and writes into itself what came of the ones that it can tell. */
const hostile = (url: string, stun: string) => `<!doctype html><html><head>
<meta http-equiv="refresh" content="3;url=${url}/refresh">
<base href="${url}/"><link rel="stylesheet" href="${url}/style"><link rel="prefetch" href="${url}/prefetch">
<style>@import "${url}/import"; body { background: url(${url}/background) }</style></head>
<body>
<img src="${url}/image"><script src="${url}/script"></script><iframe src="${url}/frame"></iframe>
<video src="${url}/video" autoplay></video><object data="${url}/object"></object>
<form id="form" action="${url}/form" method="post" target="_top"><input name="a" value="b"></form>
<a id="top" href="${url}/top" target="_top">x</a><a id="popup" href="${url}/popup" target="_blank">x</a>
<a id="down" href="${url}/download" download>x</a>
<script>
const told = {};
const attempt = (name, work) => { try { told[name] = String(work()); } catch { told[name] = "refused"; } };
attempt("cookie", () => document.cookie);
attempt("storage", () => localStorage.length);
attempt("parent", () => parent.document.title);
attempt("top", () => { top.location = "${url}/top-location"; return "led away"; });
attempt("popup", () => window.open("${url}/open"));
attempt("rtc", () => { const peer = new RTCPeerConnection({ iceServers: [{ urls: "${stun}" }] });
  peer.createDataChannel("x"); peer.createOffer().then((offer) => peer.setLocalDescription(offer)); return "made"; });
attempt("socket", () => { new WebSocket("${url.replace("http", "ws")}/socket"); return "made"; });
attempt("events", () => { new EventSource("${url}/events"); return "made"; });
attempt("beacon", () => navigator.sendBeacon("${url}/beacon", "x"));
attempt("image", () => { new Image().src = "${url}/new-image"; return "made"; });
attempt("worker", () => { new Worker(URL.createObjectURL(new Blob(["fetch('${url}/worker')"]))); return "made"; });
for (const id of ["form"]) attempt(id, () => { document.getElementById(id).submit(); return "sent"; });
for (const id of ["top", "popup", "down"]) attempt(id + "-click", () => { document.getElementById(id).click(); return "clicked"; });
const tell = () => console.log("TOLD " + JSON.stringify(told));
fetch("${url}/fetch").then(() => { told.fetch = "answered"; }, () => { told.fetch = "refused"; }).finally(tell);
tell();
</script></body></html>`;

journey(
  "a hostile web page runs in its frame and reaches nothing: no network, no cookie, no page around it",
  async (journey) => {
    // The browser tells of each attempt that it refused.
    journey.expectedProblems.push(/Content.Security.Policy|sandbox|violates|Refused|Blocked|frame/i);
    const { model, signedUp, app } = journey;
    const trapped = await trap();
    try {
      const { page, context } = await signedUp();
      const told: Record<string, string> = {};
      page.on("console", (message) => {
        const text = message.text();
        if (text.startsWith("TOLD ")) Object.assign(told, JSON.parse(text.slice(5)));
      });
      const { text, key } = question("A page");
      model.answer(key, {
        tool: write({ title: "Page", kind: "html", text: hostile(trapped.url, trapped.stun) }),
        text: "Here.",
      });
      await send(page, text);
      const chatId = await chatIdOf(page);
      await waitAnswered(page, 1);
      // Its own scripts run; what it leads itself away to is refused, so it tells at once.
      await expect.poll(() => told.fetch, { timeout: 20_000 }).toBeDefined();
      expect(told).toMatchObject({
        cookie: "refused",
        storage: "refused",
        parent: "refused",
        fetch: "refused",
        rtc: "refused",
      });
      expect(["refused", "null"]).toContain(told.popup);
      // Its own refresh is due after three seconds; a link of its own is followed at once.
      await page.waitForTimeout(3_500);
      expect(context.pages()).toHaveLength(1);
      expect(page.url()).toContain(`/chats/${chatId}`);
      expect(trapped.hits).toEqual([]);

      // Led away inside its frame it reaches nothing either.
      await page.reload();
      await hydrated(page);
      const inner = await (await page.locator("iframe.document-frame").elementHandle())?.contentFrame();
      for (const way of [
        "location.href = url",
        "location.replace(url)",
        "document.write('<meta http-equiv=refresh content=\"0;url=' + url + '\">')",
      ]) {
        await inner
          ?.evaluate(`{ const url = ${JSON.stringify(`${trapped.url}/away`)}; ${way} }`)
          .catch(() => undefined);
      }
      await page.waitForTimeout(500);
      expect(trapped.hits).toEqual([]);

      const address = `${app.url}/chats/${chatId}/documents/1/frame?version=1`;
      const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
      const answered = await fetch(address, { headers: { cookie: cookies, "sec-fetch-dest": "iframe" } });
      expect(answered.headers.get("content-security-policy")).toMatch(
        /^sandbox allow-scripts; default-src 'none'/,
      );
      expect(answered.headers.get("content-security-policy")).not.toContain("nonce-");
      expect(
        (await fetch(address, { headers: { cookie: cookies, "sec-fetch-dest": "document" } })).status,
        "in a tab",
      ).toBe(404);
      const spelled = await fetch(address.replace("/frame", "/fram%65"), { headers: { cookie: cookies } });
      expect(spelled.headers.get("content-security-policy"), "in another spelling").toContain(
        "sandbox allow-scripts",
      );
    } finally {
      trapped.stop();
    }
  },
);

journey("a hostile drawing is an inert image, and hostile Markdown is text", async (journey) => {
  const trapped = await trap();
  const { model, signedUp } = journey;
  try {
    const { page } = await signedUp();
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" onload="document.title='owned'"><script>parent.document.title='owned'</script><image href="${trapped.url}/image" width="10" height="10"/><rect width="200" height="100" fill="teal"/></svg>`;
    const markdown = `<script>document.title='owned'</script>\n\n![x](${trapped.url}/image) [y](javascript:alert(1)) <img src=x onerror="document.title='owned'">`;
    for (const [index, [kind, text]] of [
      ["svg", svg],
      ["markdown", markdown],
    ].entries()) {
      const asked = question(`Hostile ${kind}`);
      model.answer(asked.key, {
        tool: write({ title: `Hostile ${kind}`, kind: kind ?? "", text: text ?? "" }),
        text: "Here.",
      });
      await send(page, asked.text);
      await waitAnswered(page, index + 1);
      await panel(page)
        .getByRole("heading", { name: `Hostile ${kind}`, exact: true })
        .waitFor();
      if (kind === "svg") {
        const drawing = panel(page).locator("img.document-drawing");
        await expect.poll(() => drawing.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(200);
      } else {
        await untilWritten(page, (shown) => shown.includes("<script>document.title='owned'</script>"));
        expect(await panel(page).locator("script, img, a[href^=javascript]").count()).toBe(0);
      }
    }
    expect(await page.title()).not.toBe("owned");
    expect(trapped.hits).toEqual([]);
  } finally {
    trapped.stop();
  }
});
