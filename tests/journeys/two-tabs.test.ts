import { expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, composer, hydrated, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();

journey(
  "a vote shows in another tab and on another device without a reload, and so does taking it back",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    const { text, key } = question("Worth a vote");
    journey.model.answer(key, { text: "Judge me." });
    await send(page, text);
    await waitAnswered(page, 1);
    const other = await openSecondPage(tab, `/chats/${await chatIdOf(page)}`);
    await hydrated(other);
    // It knows from the tab beside it: what it asks the server for news, every few seconds, is never answered.
    await other.route("**/chats/news", () => undefined);
    const device = (await journey.open()).page;
    await device.context().addCookies(await tab.context.cookies());
    await device.goto(page.url());
    await hydrated(device);
    const good = (on: typeof page) => on.getByRole("button", { name: "Good answer" });
    for (const pressed of ["true", "false"]) {
      await page.locator("article.assistant").hover();
      await good(page).click();
      for (const elsewhere of [other, device]) {
        await expect
          .poll(() => good(elsewhere).getAttribute("aria-pressed"), { timeout: 30_000 })
          .toBe(pressed);
      }
    }
  },
);

journey("what is typed in one tab of a chat stays its draft when another tab sends", async (journey) => {
  const tab = await journey.signedUp();
  const { page } = tab;
  const first = question("Begin");
  await send(page, first.text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  const other = await openSecondPage(tab, `/chats/${chatId}`);
  await hydrated(other);
  await composer(page).fill("a thought of the first tab");
  const second = question("From the other tab");
  await send(other, second.text);
  for (const each of [other, page]) await waitAnswered(each, 2);
  expect(await composer(page).inputValue()).toBe("a thought of the first tab");
  await page.reload();
  await hydrated(page);
  await expect.poll(() => composer(page).inputValue()).toBe("a thought of the first tab");
  expect(await composer(other).inputValue()).toBe("");
});

journey("what was sent in one tab is no draft any more in another that shows it", async (journey) => {
  const tab = await journey.signedUp();
  const { page } = tab;
  const first = question("Begin");
  await send(page, first.text);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  const { text } = question("Typed once");
  await composer(page).fill(text);
  await page
    .locator("form.composer input[type=file]")
    .setInputFiles([{ name: "once.txt", mimeType: "text/plain", buffer: Buffer.from("once") }]);
  await page.getByText("4 B").waitFor();
  const other = await openSecondPage(tab, `/chats/${chatId}`);
  await hydrated(other);
  await expect.poll(() => composer(other).inputValue()).toBe(text);
  await other.getByText("once.txt").waitFor();
  await composer(page).press("Enter");
  for (const each of [other, page]) await waitAnswered(each, 2);
  await expect.poll(() => composer(other).inputValue()).toBe("");
  expect(await other.locator(".tray-file").count()).toBe(0);
  for (const each of [other, page]) {
    await each.reload();
    await hydrated(each);
    expect(await composer(each).inputValue()).toBe("");
    expect(await each.locator(".tray-file").count()).toBe(0);
  }
});
