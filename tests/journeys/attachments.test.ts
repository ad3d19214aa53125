import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { attach, drop, lastContent, paste, picker, stored, tray, urlsOf } from "../support/attach.ts";
import { showsTexts } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { HttpUser } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, composer, hydrated, send, sendButton, waitAnswered, waitReady } from "../support/page.ts";
import { HTML, PDF, PNG, sample } from "../support/sample-files.ts";

const { journey } = journeys();

const filesOnDisk = (dataDir: string): string[] =>
  readdirSync(path.join(dataDir, "attachments"), { recursive: true, encoding: "utf8" });

journey(
  "dropped, pasted and picked files reach the model, stay in the history, and are nobody else's",
  async ({ app, model, signedUp, open }) => {
    const tab = await signedUp();
    const { page } = tab;
    const { text, key } = question("What is in these");
    model.answer(key, { text: "A green pixel, a note and an empty page." });
    await hydrated(page);
    await drop(page, sample("green pixel.png", "image/png", PNG));
    await paste(page, sample("note.txt", "text/plain", `a note about ${key}-note`));
    await eventually(async () => (await stored(page).count()) === 2, { what: () => "two are not stored" });
    await attach(page, sample("page.pdf", "application/pdf", PDF));
    // The draft keeps them.
    await composer(page).fill(text);
    await page.reload();
    await eventually(async () => (await stored(page).count()) === 3, {
      what: () => "the draft lost its files",
    });
    expect(await composer(page).inputValue()).toBe(text);
    await sendButton(page).click();
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const asked = model.askedFor(key)[0]?.request.messages ?? [];
    const content = lastContent(asked);
    expect(content).toContain(`data:image/png;base64,${PNG.toString("base64")}`);
    expect(content).toContain(`data:application/pdf;base64,${PDF.toString("base64")}`);
    expect(content).toContain(`a note about ${key}-note`);
    expect(await tray(page).count()).toBe(0);

    await page.reload();
    const urls = await urlsOf(page);
    expect(urls).toHaveLength(3);
    const picture = page.locator("[data-part=file] img");
    await eventually(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth === 1), {
      what: () => "the picture is not shown",
    });
    const html = await (await page.request.get(`/chats/${chatId}`)).text();
    for (const url of urls) expect(html, "the first HTML").toContain(url);

    const stranger = await new HttpUser(app).signUp();
    for (const url of urls) {
      const own = await page.request.get(url);
      expect(own.status()).toBe(200);
      expect(own.headers()["x-content-type-options"]).toBe("nosniff");
      expect(own.headers()["content-security-policy"]).toContain("sandbox");
      expect(own.headers()["cache-control"]).toBe("private, no-cache");
      const image = own.headers()["content-type"] === "image/png";
      expect(own.headers()["content-disposition"]).toMatch(image ? /^inline/ : /^attachment/);
      const [foreign, missing] = await Promise.all([
        stranger.get(url),
        stranger.get(`/attachments/${randomUUID()}`),
      ]);
      expect(foreign.status).toBe(404);
      expect(await foreign.text()).toBe(await missing.text());
      expect((await stranger.get(url, { method: "DELETE", headers: { origin: app.url } })).status).toBe(404);
      expect((await new HttpUser(app).get(url)).status).toBe(302);
    }
    const [nobody] = [await open()];
    expect((await nobody.page.request.get(urls[0] ?? "", { maxRedirects: 0 })).status()).toBe(302);
  },
);

journey(
  "an edit, a fork and another answer go on with the files; they go with the last chat that has them",
  async ({ app, model, signedUp }) => {
    const { page } = await signedUp();
    const first = question("Read this");
    await attach(page, sample("kept.png", "image/png", PNG));
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const [url = ""] = await urlsOf(page);
    const edited = question("Read it again");
    model.answer(edited.key, { text: "Read once more." });
    await page.locator(".message.user").hover();
    await page.getByRole("button", { name: "Edit message" }).click();
    await page.getByLabel("Edit your message").fill(edited.text);
    await page.locator(".editing").getByRole("button", { name: "Send" }).click();
    await showsTexts(page, [edited.text, "Read once more."]);
    await waitReady(page);
    expect(lastContent(model.askedFor(edited.key)[0]?.request.messages ?? [])).toContain(
      PNG.toString("base64"),
    );
    expect(await urlsOf(page)).toEqual([url]);

    await page.locator(".message.assistant").hover();
    await page.locator(".message.assistant").getByRole("button", { name: "Fork into a new chat" }).click();
    await page.waitForURL(
      (at) => /\/chats\/[0-9a-f-]{36}$/.test(at.pathname) && !at.pathname.includes(chatId),
    );
    const forkId = await chatIdOf(page);
    expect(await urlsOf(page)).toEqual([url]);
    const next = question("And now");
    await send(page, next.text);
    await eventually(() => model.askedFor(next.key)[0], { what: () => "the fork was not asked", ms: 30_000 });
    expect(JSON.stringify(model.askedFor(next.key)[0]?.request)).toContain(PNG.toString("base64"));
    await waitAnswered(page, 2);

    const id = url.split("/").at(-1) ?? "";
    const remove = (chat: string) =>
      page.request.post(`/chats/${chat}`, {
        form: { intent: "delete", stay: "1" },
        headers: { origin: app.url },
      });
    expect(
      (await page.request.delete(url, { headers: { origin: app.url } })).status(),
      "while it is used",
    ).toBe(404);
    expect((await remove(chatId)).status()).toBe(200);
    expect((await page.request.get(url)).status()).toBe(200);
    expect(filesOnDisk(app.dataDir)).toContain(id);
    expect((await remove(forkId)).status()).toBe(200);
    expect((await page.request.get(url)).status()).toBe(404);
    expect(filesOnDisk(app.dataDir)).not.toContain(id);
  },
);

journey(
  "a message of a file alone is asked again as it is, gets words, and loses them again",
  async ({ model, signedUp }) => {
    const { page } = await signedUp();
    const key = `key${randomUUID().slice(0, 8)}`;
    await attach(page, sample("alone.txt", "text/plain", `all that ${key} says`));
    const prepared = model.answer(key, (attempt) => ({ text: `Read ${attempt} times.` }));
    await sendButton(page).click();
    await waitAnswered(page, 1);
    const [url = ""] = await urlsOf(page);
    const again = async (text: string | null, answer: string): Promise<void> => {
      await page.locator(".message.user").hover();
      await page.getByRole("button", { name: "Edit message" }).click();
      if (text !== null) await page.getByLabel("Edit your message").fill(text);
      await page.locator(".editing").getByRole("button", { name: "Send" }).click();
      await showsTexts(page, [text ?? "", answer]);
      await waitReady(page);
      expect(await urlsOf(page)).toEqual([url]);
    };
    await again(null, "Read 2 times.");
    await again(`In short, ${key}`, "Read 3 times.");
    await again("", "Read 4 times.");
    for (const { request } of prepared.asked)
      expect(lastContent(request.messages)).toContain(`all that ${key} says`);

    // Without a file it needs words, in the page and for the server.
    const plain = question("Words alone");
    await send(page, plain.text);
    await waitAnswered(page, 2);
    const last = page.locator(".message.user").last();
    await last.hover();
    await last.getByRole("button", { name: "Edit message" }).click();
    await page.getByLabel("Edit your message").fill(" ");
    expect(await page.locator(".editing").getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    const target = await page.locator("[data-role=user]").last().getAttribute("data-message-id");
    const refused = await page.request.post(page.url(), {
      form: { intent: "edit", target: target ?? "", text: " ", stay: "1" },
      headers: { origin: new URL(page.url()).origin },
    });
    expect(refused.status()).toBe(400);
    expect(await refused.text()).toContain("Write a message first.");
  },
);

journey(
  "what is not what it says, or too much, is refused with a sentence, and nothing of it stays",
  async ({ app, signedUp, expectedProblems }) => {
    expectedProblems.push(/status of 415|status of 413/);
    const { page } = await signedUp();
    await hydrated(page);
    await picker(page).setInputFiles([sample("fake.png", "image/png", HTML)]);
    const refused = page.locator(".tray-file[data-state=failed]");
    await refused.waitFor();
    expect(await refused.innerText()).toContain("“fake.png” is not what its name says: its content is text.");
    expect(await refused.getByRole("button", { name: "Try again" }).count()).toBe(0);
    await refused.getByRole("button", { name: "Remove fake.png" }).click();
    expect(await tray(page).count()).toBe(0);
    await picker(page).setInputFiles([
      sample("program.bin", "application/octet-stream", Buffer.from([1, 0, 2])),
    ]);
    await refused.waitFor();
    expect(await refused.innerText()).toContain("Images (PNG, JPEG, GIF, WebP), PDF and text in UTF-8 can.");
    await picker(page).setInputFiles([sample("large.txt", "text/plain", "x".repeat(10_000_001))]);
    await page.getByText("“large.txt” is too large: a file may have 10 MB.").waitFor();

    const user = await new HttpUser(app).signUp();
    const upload = (body: Buffer | string, name: string) =>
      user.get("/attachments", {
        method: "POST",
        body: typeof body === "string" ? body : new Uint8Array(body),
        headers: { origin: app.url, "x-file-name": encodeURIComponent(name) },
      });
    expect((await upload("x".repeat(10_000_001), "large.txt")).status).toBe(413);
    const page404 = await upload(HTML, "../../page.html");
    expect(page404.status).toBe(201);
    const { file } = (await page404.json()) as { file: { id: string; name: string; mediaType: string } };
    expect(file).toMatchObject({ name: "page.html", mediaType: "text/plain" });
    const served = await user.get(`/attachments/${file.id}`);
    expect(served.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(served.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(
      (await user.get(`/attachments/${file.id}`, { method: "DELETE", headers: { origin: app.url } })).status,
    ).toBe(200);
    const left = filesOnDisk(app.dataDir).filter((name) => name !== "incoming");
    const rows = await app.query<{ id: string }>(`SELECT "id" FROM "Attachment"`);
    expect(left.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
  },
);

journey(
  "kill -9 of the web server in the middle of an upload leaves no half file, and Try again works",
  async ({ app, model, signedUp, expectedProblems }) => {
    expectedProblems.push(/ERR_|Failed to (load|fetch)/);
    const tab = await signedUp();
    const { page } = tab;
    const { text, key } = question("Read the long one");
    await hydrated(page);
    const network = await tab.context.newCDPSession(page);
    const slow = (bytesASecond: number) =>
      network.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: bytesASecond,
      });
    await network.send("Network.enable");
    await slow(400_000);
    const whole = `the beginning of ${key}-file ${"words ".repeat(600_000)}`;
    await picker(page).setInputFiles([sample("long.txt", "text/plain", whole)]);
    const incoming = path.join(app.dataDir, "attachments", "incoming");
    const arriving = () => (existsSync(incoming) ? readdirSync(incoming) : []);
    await eventually(() => arriving().length === 1, {
      what: () => "the upload does not arrive",
      ms: 30_000,
    });
    const old = app.kill9("web");
    await app.waitForNewPid("web", old);
    await app.healthy();
    await slow(-1);
    const failed = page.locator(".tray-file[data-state=failed]");
    await failed.waitFor();
    await eventually(() => arriving().length === 0, { what: () => "half a file is left", ms: 30_000 });
    await composer(page).fill(text);
    await sendButton(page).click();
    await page.getByText("Not all files are stored yet.").waitFor();
    expect(await composer(page).inputValue(), "it was not sent").toBe(text);
    await failed.getByRole("button", { name: "Try again" }).click();
    await stored(page).waitFor();
    await sendButton(page).click();
    await waitAnswered(page, 1);
    expect(lastContent(model.askedFor(key)[0]?.request.messages ?? [])).toContain(
      `the beginning of ${key}-file`,
    );
    const rows = await app.query<{ id: string }>(`SELECT "id" FROM "Attachment" WHERE "name" = 'long.txt'`);
    expect(rows).toHaveLength(1);
  },
);
