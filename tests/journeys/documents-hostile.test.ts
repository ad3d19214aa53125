import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { panel, untilWritten, write } from "../support/documents.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();

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
setTimeout(() => { told.refresh = "was due"; tell(); }, 4000);
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
      // Its own refresh is due after three seconds: the page is there beyond that, or was led to where it says nothing.
      const ledAway = () => page.frames().some((frame) => frame.url().startsWith("chrome-error:"));
      await expect.poll(() => told.refresh === "was due" || ledAway(), { timeout: 30_000 }).toBe(true);
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
      // Not every way makes the browser say something that one could wait for.
      await page.waitForTimeout(2_000);
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
