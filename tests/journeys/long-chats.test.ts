import type { Page } from "playwright-core";
import { expect } from "vitest";
import { fitsSideways, holdsUnder, PHONE } from "../support/conditions.ts";
import { countRenders } from "../support/count-renders.ts";
import { eventually } from "../support/eventually.ts";
import { watchHeard } from "../support/heard.ts";
import { journeys } from "../support/journey.ts";
import { longChat } from "../support/long-chat.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { hydrated, send, shown, waitReady, waitStatus } from "../support/page.ts";

const { journey } = journeys();

const ids = async (page: Page) => (await shown(page)).map(({ id }) => id);
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `n${from + index}`);

async function showsFrom(page: Page, first: string): Promise<void> {
  let last: string[] = [];
  await eventually(async () => (last = await ids(page))[0] === first, {
    what: () => `the page begins with ${last[0]}, not ${first}`,
  });
}

const earlier = (page: Page) => page.getByRole("link", { name: "Earlier messages" });

/** Where each message stands on the screen, in pixels. */
const places = (page: Page) =>
  page
    .locator("article.message")
    .evaluateAll((all) => Object.fromEntries(all.map((one) => [one.id, one.getBoundingClientRect().top])));

journey("a long chat opens at its end, and what is older comes as one scrolls up, in place", async (on) => {
  const { page } = await on.signedUp();
  const chatId = await longChat(on.app, 200);
  await page.goto(`/chats/${chatId}`);
  await hydrated(page);
  expect(await ids(page)).toEqual(numbered(160, 199));
  await eventually(async () => ((await places(page))["m-n199"] ?? 9_999) < 800, {
    what: () => "it is not at the end",
  });

  let before: Record<string, number> | undefined;
  // To the very top at once: the reader sees the same lines in the same place when the older ones are there.
  await page.route("**/messages?*", async (route) => {
    if (before) return await route.continue();
    await page.locator(".scroll").evaluate((scroll) => (scroll.scrollTop = 0));
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    before = await places(page);
    await route.continue();
  });

  await page.locator(".scroll").evaluate((scroll) => (scroll.scrollTop = 0));
  await showsFrom(page, "n120");
  const after = await places(page);
  for (const id of ["m-n160", "m-n161", "m-n170"])
    expect(Math.abs((after[id] ?? 0) - (before?.[id] ?? 9))).toBeLessThan(1);
  expect(await ids(page)).toEqual(numbered(120, 199));

  // By keyboard alone to the first message.
  await page.locator(".scroll").focus();
  await eventually(
    async () => {
      await page.keyboard.press("Home");
      return (await ids(page))[0] === "n0";
    },
    { what: () => "the first message did not come", ms: 20_000 },
  );
  await earlier(page).waitFor({ state: "detached" });
  expect(await ids(page)).toEqual(numbered(0, 199));
});

journey(
  "older messages stay when the page is read anew, and a version on an older page can be stepped to, in each tab",
  async (on) => {
    const tab = await on.signedUp({ viewport: PHONE });
    const { page } = tab;
    const chatId = await longChat(on.app, 120);
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    await earlier(page).focus();
    await page.keyboard.press("Enter");
    await showsFrom(page, "n40");
    on.expectedProblems.push(/\/in\/append/);
    const asked = question("Go on");
    on.model.answer(asked.key, { text: "Gone on." });
    await send(page, asked.text);
    await waitReady(page);
    expect((await ids(page)).slice(0, 80)).toEqual(numbered(40, 119));

    const other = question("Another way");
    on.model.answer(other.key, { text: "Another answer." });
    const old = page.locator("#m-n60");
    await old.hover();
    await old.getByRole("button", { name: "Edit message" }).click();
    await page.getByLabel("Edit your message").fill(other.text);
    await page.keyboard.press("Enter");
    await page.getByText("Another answer.", { exact: true }).waitFor();
    await waitReady(page);
    const edited = await ids(page);
    expect(edited.slice(edited.indexOf("n40")).slice(0, 20)).toEqual(numbered(40, 59));
    await page.getByRole("button", { name: "Previous version" }).click();
    await page.getByText("Gone on.", { exact: true }).waitFor();
    const back = await ids(page);
    const place = back.indexOf("n60");
    expect(back.slice(place, place + 60)).toEqual(numbered(60, 119));
    expect(back).toContain("n41");
    await fitsSideways(page);
    const atItsEnd = async (at: Page) => {
      await at.getByText("Gone on.", { exact: true }).waitFor();
      // The last page of them, or more where one had scrolled.
      await expect.poll(async () => (await ids(at)).includes("n119"), { timeout: 30_000 }).toBe(true);
      expect(await at.getByText("Gone on.", { exact: true }).count()).toBe(1);
    };
    await holdsUnder(on, tab, atItsEnd, ["second tab", "killed run, asked later"]);
    const last = question("After the kill");
    on.model.answer(last.key, { text: "Still here." });
    await send(page, last.text);
    await page.getByText("Still here.", { exact: true }).waitFor();
    const told = on.model.askedFor(last.key)[0]?.request.messages.filter(({ role }) => role !== "system");
    expect(told?.length, "the whole branch").toBe(123);
  },
);

journey(
  "an answer is heard once, when it is done; older messages, other versions and a reload are silent",
  async (on) => {
    const { page } = await on.signedUp();
    const chatId = await longChat(on.app, 120);
    const heard = await watchHeard(page);
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    // The chat was written into the database, so its session is made by the first message.
    on.expectedProblems.push(/\/in\/append/);
    // The header tells by a word or two how far the run is.
    const told = () => heard.filter((text) => text.split(" ").length > 3);
    const first = "Answered: It is a bridge, and a long one.";
    const again = `Answered: Another one, ${numberedWords(60)}`.slice(0, 170);
    const asked = question("What is it");
    on.model.answer(asked.key, (attempt) => ({
      text: attempt === 1 ? "It is **a bridge**, and a long one." : `Another one, ${numberedWords(60)}`,
      pieceMs: 10,
    }));
    await send(page, asked.text);
    await waitReady(page);
    await expect.poll(told).toEqual([first]);

    const before = await ids(page);
    await earlier(page).focus();
    await page.keyboard.press("Enter");
    await showsFrom(page, `n${Number(before[0]?.slice(1)) - 40}`);
    await page.getByRole("button", { name: "Answer again" }).last().click();
    await expect.poll(told).toEqual([first, `${again}…`]);
    await waitReady(page);
    await page.getByRole("button", { name: "Previous version" }).click();
    await page.locator("[data-part=text]", { hasText: "a long one." }).waitFor();
    await page.reload();
    await hydrated(page);
    // As long as an answer takes to be told.
    await page.waitForTimeout(500);
    expect(told()).toEqual([first, `${again}…`]);
  },
);

journey("without scripts a link leads to the earlier messages, and to where one was", async (on) => {
  const { page, context } = await on.signedUp();
  const chatId = await longChat(on.app, 120);
  const plain = await context.browser()?.newContext({
    baseURL: on.app.url,
    javaScriptEnabled: false,
    storageState: await context.storageState(),
  });
  if (!plain) throw new Error("no browser");
  try {
    const still = await plain.newPage();
    await still.goto(`/chats/${chatId}`);
    expect(await ids(still)).toEqual(numbered(80, 119));
    await earlier(still).click();
    await still.waitForURL(/before=n80/);
    expect(await ids(still)).toEqual(numbered(40, 119));
    const box = await still.locator("#m-n80").boundingBox();
    expect(box && box.y >= 0 && box.y < 700).toBe(true);
    await earlier(still).click();
    await still.waitForURL(/before=n40/);
    expect(await ids(still)).toEqual(numbered(0, 119));
    expect(await earlier(still).count()).toBe(0);
  } finally {
    await plain.close();
  }
  expect(page.url()).toContain("/chats");
});

journey("a piece of an answer renders its own message and no other", async (on) => {
  const { page } = await on.signedUp();
  const chatId = await longChat(on.app, 60);
  const commits = await countRenders(page);
  await page.goto(`/chats/${chatId}`);
  await hydrated(page);
  expect(
    Object.keys((await commits())[0]?.ran ?? {}).length,
    "the first render is seen",
  ).toBeGreaterThanOrEqual(40);
  // The chat was written into the database, so its session is made by the first message.
  on.expectedProblems.push(/\/in\/append/);
  const { text, key } = question("Write on");
  const answer = on.model.answer(key, {
    text: numberedWords(120),
    pieceSize: 12,
    pieceMs: 20,
    holdAfter: 20,
  });
  await send(page, text);
  await answer.held();
  await waitStatus(page, "streaming");
  await page.getByText("word20").first().waitFor();
  await commits();
  answer.release();
  await page.getByText("word110").first().waitFor();
  // On a slow machine the turn's end is among them, which unlocks what can be done with each message.
  const pieces = (await commits()).filter(({ status }) => status === "streaming");
  const messages = await ids(page);
  expect(pieces.length).toBeGreaterThan(5);
  expect([...new Set(pieces.flatMap(({ ran }) => Object.keys(ran)))]).toEqual([messages.at(-1)]);
  await waitReady(page);
});

journey("who has read further up and sends is taken to the end, and follows the answer", async (on) => {
  const { page } = await on.signedUp();
  const chatId = await longChat(on.app, 60);
  await page.goto(`/chats/${chatId}`);
  await hydrated(page);
  const scroll = page.locator(".scroll");
  const toEnd = () => scroll.evaluate((at) => at.scrollHeight - at.clientHeight - at.scrollTop);
  await scroll.evaluate((at) => (at.scrollTop -= 1_500));
  await page.getByRole("button", { name: "Go to the end" }).waitFor();
  // The chat was written into the database, so its session is made by the first message.
  on.expectedProblems.push(/\/in\/append/);
  const asked = question("To the end");
  const model = on.model.answer(asked.key, { text: numberedWords(400), holdAfter: 200 });
  await send(page, asked.text);
  await model.held();
  await eventually(async () => (await toEnd()) < 2, { what: () => "the page is not at its end" });
  model.release();
  await waitReady(page);
  await eventually(async () => (await toEnd()) < 2, { what: () => "the page has not followed the answer" });
});
