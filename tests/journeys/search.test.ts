import type { Page } from "playwright-core";
import { expect } from "vitest";
import { fitsSideways } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { journeys } from "../support/journey.ts";
import { longChat } from "../support/long-chat.ts";
import { question } from "../support/model-script.ts";
import {
  chatIdOf,
  composer,
  hydrated,
  send,
  shown,
  signUp,
  newPerson,
  waitAnswered,
} from "../support/page.ts";

const { journey } = journeys();

const box = (page: Page) => page.getByRole("combobox", { name: "Search chats" });
const found = (page: Page) => page.getByRole("option");

/** The message is on the screen, and is marked. */
async function landsOn(page: Page, id: string): Promise<void> {
  await page.locator(`#m-${id}[data-found]`).waitFor();
  let top = Number.NaN;
  await eventually(
    async () => {
      const place = await page.locator(`#m-${id}`).boundingBox();
      top = place?.y ?? Number.NaN;
      return top >= 0 && top < 700;
    },
    { what: () => `the message stands at ${top} pixels` },
  );
}

journey("the search finds a message by its words and lands on it, by keyboard alone", async (on) => {
  const { page } = await on.signedUp();
  const chatId = await longChat(on.app, 150, "About numbers");
  await on.signedUp().then(() => longChat(on.app, 30, "Another's numbers"));
  await page.reload();
  await hydrated(page);
  await composer(page).blur();
  await page.keyboard.press("/");
  await page.keyboard.type("one of 51 answer");
  await eventually(async () => (await found(page).count()) === 1, {
    what: () => "not one message was found",
  });
  expect(await found(page).innerText()).toMatch(/About numbers[^]*Answer 51\. It has/);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/chats/${chatId}\\?message=n51#m-n51$`));
  await landsOn(page, "n51");
  await page.locator("[data-found]").waitFor({ state: "detached" });
  expect((await shown(page)).map(({ id }) => id).at(-1), "and the chat goes on from there").toBe("n149");

  // From within the open chat, with its title and by the arrows.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("numbers");
  await expect.poll(() => found(page).count()).toBe(1);
  await page.keyboard.press("Escape");
  await found(page).waitFor({ state: "detached" });
  await page.keyboard.type("question 1 what");
  await expect.poll(() => found(page).count()).toBeGreaterThan(10);
  const second = (await found(page).nth(1).getAttribute("href")) ?? "";
  await page.keyboard.press("ArrowDown");
  expect(await box(page).getAttribute("aria-activedescendant")).toBe(
    await found(page).nth(1).getAttribute("id"),
  );
  await page.keyboard.press("Enter");
  await landsOn(page, /m-(n\d+)$/.exec(second)?.[1] ?? "");
});

journey(
  "what is on another branch is found too, and the search leads to that branch, at 390 px",
  async (on) => {
    const { page } = await on.signedUp({ viewport: { width: 390, height: 844 } });
    const [first, other] = [question("The heron"), question("The egret")];
    on.model.answer(first.key, { text: "A heron waits." });
    on.model.answer(other.key, { text: "An egret walks." });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    await page.locator("article.user").hover();
    await page.getByRole("button", { name: "Edit message" }).click();
    await page.getByLabel("Edit your message").fill(other.text);
    await page.keyboard.press("Enter");
    await page.getByText("An egret walks.", { exact: true }).waitFor();
    await waitAnswered(page, 1);

    await page.goto("/chats");
    await hydrated(page);
    await page.getByRole("button", { name: "Open the list of chats" }).click();
    await box(page).fill("heron waits");
    await found(page).first().click();
    await page.waitForURL(new RegExp(`/chats/${chatId}\\?message=`));
    await page.locator("article.assistant[data-found]", { hasText: "A heron waits." }).waitFor();
    expect(await page.getByText("An egret walks.", { exact: true }).count()).toBe(0);
    await fitsSideways(page);
  },
);

journey("without scripts the search is a page, and its links lead to the message", async (on) => {
  const { page } = await on.open({ scripts: false });
  await signUp(page, newPerson());
  const chatId = await longChat(on.app, 90);
  await page.goto("/chats");
  await page.getByLabel("Search chats").fill("answer two of 33");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/chats\/search\?q=/);
  await page.getByRole("main").getByRole("link", { name: "Answer 33." }).click();
  await page.waitForURL(new RegExp(`/chats/${chatId}\\?message=n33#m-n33$`));
  const place = await page.locator("#m-n33").boundingBox();
  expect(place && place.y >= 0 && place.y < 700).toBe(true);
});

journey("what the assistant finds in other chats leads to the message itself", async (on) => {
  const { page } = await on.signedUp();
  const chatId = await longChat(on.app, 150, "About numbers");
  const { text, key } = question("Search for me");
  on.model.answer(key, {
    tool: { name: "searchChats", input: { query: "one of 51 answer" } },
    text: "There it is.",
  });
  await page.reload();
  await send(page, text);
  await waitAnswered(page, 1);
  await page.locator("[data-part=tool-searchChats] > summary").click();
  await page.locator("[data-part=tool-searchChats]").getByRole("link", { name: "About numbers" }).click();
  await page.waitForURL(new RegExp(`/chats/${chatId}\\?message=n51#m-n51$`));
  await landsOn(page, "n51");
});

journey(
  "who searches very often is told so, in the list and on the page, and goes on with the chat",
  async (on) => {
    const { page } = await on.signedUp();
    const chatId = await longChat(on.app, 30, "About numbers");
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    const ask = () => page.context().request.get("/chats/search?q=answer");
    let answer = await ask();
    for (let asked = 1; answer.status() === 200 && asked < 130; asked++) answer = await ask();
    expect(answer.status()).toBe(429);
    expect(Number(answer.headers()["retry-after"])).toBeGreaterThan(0);
    expect(await answer.text()).toContain("You have searched very often in this minute.");
    on.expectedProblems.push(/429/);
    await box(page).fill("answer");
    await page.getByText("You have searched very often in this minute. Try again in a moment.").waitFor();
    expect(await found(page).count()).toBe(0);
    await box(page).fill("");
    await page.getByRole("link", { name: "About numbers" }).first().waitFor();
    expect((await shown(page)).length, "the chat is still there").toBeGreaterThan(0);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.getByRole("button", { name: "Open the list of chats" }).click();
    await box(page).fill("one more");
    await page.getByText("You have searched very often").waitFor();
    await fitsSideways(page);
  },
);
