import { existsSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { attach, lastContent, picker, stored, urlsOf } from "../support/attach.ts";
import { openSecondPage } from "../support/browser.ts";
import { fitsSideways, holdsUnder, PHONE, pressOn, showsTexts } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { HttpUser } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, composer, hydrated, send, sendButton, waitAnswered, waitStatus } from "../support/page.ts";
import { startS3Server, type S3Server } from "../support/s3-server.ts";
import { HTML, PDF, PNG, sample } from "../support/sample-files.ts";

let s3: S3Server;
afterAll(() => s3?.stop());

/** The web and the runs keep and read every file of these journeys in a bucket. */
const { journey } = journeys(async () => {
  s3 = await startS3Server();
  return {
    S3_ENDPOINT: s3.endpoint,
    S3_BUCKET: s3.bucket,
    S3_REGION: s3.region,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    CONTEXT_TOKENS: "1000000",
  };
});

const GREEN = sample("green.png", "image/png", PNG);
const BASE64 = PNG.toString("base64");

const isDrawn = (page: Page) =>
  eventually(
    () =>
      page
        .locator("[data-part=file] img")
        .last()
        .evaluate((image) => (image as HTMLImageElement).naturalWidth === 1),
    { what: () => "the picture is not shown", ms: 20_000 },
  );

journey(
  "a file of a bucket is picked by keyboard, seen in each tab and at 390 px, and read again by the run after a kill",
  async (journey) => {
    const { app, model } = journey;
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page } = tab;
    const { text, key } = question("What is in it");
    const prepared = model.answer(key, (attempt) => ({
      text: "A green pixel.",
      ...(attempt === 1 ? { holdAfter: 1 } : {}),
    }));
    await hydrated(page);
    const chooser = page.waitForEvent("filechooser");
    await pressOn(page, picker(page));
    await (await chooser).setFiles([GREEN]);
    await stored(page).waitFor();
    await composer(page).fill(text);
    await page.keyboard.press("Enter");
    await prepared.held();
    const other = await openSecondPage(tab, `/chats/${await chatIdOf(page)}`);
    for (const on of [page, other]) await isDrawn(on);
    await killRun(journey, await chatIdOf(page));
    const look = async (on: Page) => {
      await showsTexts(on, [text, "A green pixel."]);
      await isDrawn(on);
    };
    await look(other);
    await holdsUnder(journey, tab, look, ["reload", "390 px"]);
    expect(prepared.asked).toHaveLength(2);
    for (const { request } of prepared.asked) expect(lastContent(request.messages)).toContain(BASE64);
    const id = (await urlsOf(page))[0]?.split("/").at(-1) ?? "";
    expect(s3.objects.get(`attachments/${id}`)).toEqual(PNG);
    expect(existsSync(path.join(app.dataDir, "attachments", id)), "in the folder").toBe(false);
  },
);

journey(
  "files go with a message that waits and with one that steers, in each tab and after a reload",
  async ({ model, signedUp }) => {
    const tab = await signedUp();
    const { page } = tab;
    const [first, next, steer] = [question("Works"), question("Read this next"), question("And this now")];
    const working = model.answer(first.key, {
      tool: { name: "calculate", input: { expression: "2+3" } },
      holdTool: true,
    });
    model.answer(next.key, { text: "Read." });
    model.answer(steer.key, { text: "Seen." });
    await send(page, first.text);
    await working.held();
    await waitStatus(page, "submitted");
    await attach(page, sample("next.txt", "text/plain", `a note about ${next.key}-note`));
    await send(page, next.text);
    await attach(page, GREEN);
    await composer(page).fill(steer.text);
    await page.locator("form.composer").getByRole("button", { name: "Steer now" }).click();
    await page.getByText("Joins the answer").waitFor();
    await page.reload();
    await hydrated(page);
    const other = await openSecondPage(tab, page.url());
    for (const on of [page, other]) {
      await isDrawn(on);
      await expect.poll(() => urlsOf(on)).toHaveLength(2);
    }
    working.release();
    const wanted = [first.text, steer.text, "Seen.", next.text, "Read."];
    for (const on of [page, other]) await showsTexts(on, wanted);
    expect(lastContent(model.askedFor(steer.key)[0]?.request.messages)).toContain(BASE64);
    expect(lastContent(model.askedFor(next.key)[0]?.request.messages)).toContain(`${next.key}-note`);
    expect(await urlsOf(page)).toHaveLength(2);
  },
);

journey(
  "a provider that refuses a file is asked again with its name alone, and the page says so, also after a reload",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const { text, key } = question("Look at this");
    const prepared = journey.model.answer(key, (attempt) =>
      attempt === 1
        ? { fail: { status: 400, message: "images are not supported" } }
        : { text: "I cannot see it." },
    );
    await attach(page, GREEN);
    await send(page, text);
    const look = async (on: Page) => {
      await showsTexts(on, [text, "I cannot see it."]);
      await on.getByText("This model does not take “green.png”, and was told only the name.").waitFor();
    };
    await holdsUnder(journey, tab, look, ["reload", "second tab", "390 px"]);
    const [refused, answered, ...more] = prepared.asked.map(({ request }) => lastContent(request.messages));
    expect(refused).toContain(BASE64);
    expect(answered).not.toContain(BASE64);
    expect(answered).toContain("green.png");
    expect(answered).toContain("this model did not take it");
    expect(more).toEqual([]);
  },
);

journey("of a long text the model is given the first 200,000 characters, and told so", async (journey) => {
  const { page } = await journey.signedUp();
  const { text, key } = question("Sum it up");
  journey.model.answer(key, { text: "It is long." });
  const whole = `${key}-head ${"x".repeat(200_000 - key.length - 6)}${key}-tail`;
  await attach(page, sample("long.txt", "text/plain", whole));
  await send(page, text);
  await waitAnswered(page, 1);
  const told = lastContent(journey.model.askedFor(key)[0]?.request.messages);
  expect(told).toContain(`${key}-head x`);
  expect(told).not.toContain(`${key}-tail`);
  expect(told).toContain("(The file goes on; this is its beginning.)");
  expect(told.match(/x{1000,}/)?.[0]).toHaveLength(200_000 - key.length - 6);
});

journey(
  "without scripts a plain form sends files, keeps them when it comes back, and shows them",
  async (journey) => {
    const { model, open, app, expectedProblems } = journey;
    expectedProblems.push(/status of 400/);
    const { page } = await open({ scripts: false });
    const user = await new HttpUser(app).signUp();
    const [name, value] = user.cookieHeader().split("=") as [string, string];
    await page.context().addCookies([{ name, value, url: app.url }]);
    const { text, key } = question("Without scripts");
    model.answer(key, { text: "Seen." });
    await page.goto("/chats");
    await composer(page).fill(text);
    await picker(page).setInputFiles([
      sample("fake.png", "image/png", HTML),
      sample("plain.png", "image/png", PNG),
    ]);
    await sendButton(page).click();
    await page.getByRole("alert").getByText("“fake.png” is not what its name says").waitFor();
    expect(await composer(page).inputValue()).toBe(text);
    expect(await page.getByLabel("Send plain.png").isChecked()).toBe(true);
    await sendButton(page).click();
    await chatIdOf(page);
    await eventually(() => model.askedFor(key)[0], { what: () => "nothing was asked", ms: 30_000 });
    expect(lastContent(model.askedFor(key)[0]?.request.messages ?? [])).toContain(PNG.toString("base64"));
    await page.getByText("Seen.", { exact: true }).waitFor();
    expect(await urlsOf(page)).toHaveLength(1);
  },
);

journey(
  "a model that takes no images and no PDFs is told their names, and the page says so before and after",
  async (journey) => {
    const tab = await journey.signedUp({ viewport: PHONE });
    const { page } = tab;
    await hydrated(page);
    await page.locator("details.chat-panel > summary").click();
    await page.getByRole("radio", { name: /demo/i }).check();
    await page.keyboard.press("Escape");
    await attach(page, sample("page.pdf", "application/pdf", PDF));
    await page.getByText("This model takes no PDFs: it will be told only what they are called.").waitFor();
    await attach(page, sample("seen.png", "image/png", PNG));
    await page.getByText("This model takes no images and no PDFs: it will be told only").waitFor();
    await fitsSideways(page);
    await composer(page).fill("What is this?");
    await composer(page).press("Enter");
    await waitAnswered(page, 1);
    const says = (on: Page) =>
      on.getByText("This model does not take “page.pdf”, “seen.png”, and was told only the name.").waitFor();
    await holdsUnder(journey, tab, says, ["reload", "second tab", "390 px"]);
  },
);
