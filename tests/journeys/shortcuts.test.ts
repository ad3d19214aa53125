import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, composer, hydrated, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();

const list = (page: Page) => page.getByRole("dialog", { name: "Keyboard shortcuts" });
const nav = (page: Page) => page.getByRole("navigation", { name: "Chats" });
const focused = (page: Page) => page.evaluate(() => document.activeElement?.id ?? "");

journey(
  "new chat, the list of chats and the last answer are a shortcut away, also while one writes",
  async (on) => {
    const { page, context } = await on.signedUp();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const { text, key } = question("To be copied");
    on.model.answer(key, { text: "Copy **this** one." });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    await composer(page).fill("half a thought");

    await page.keyboard.press("Control+Shift+C");
    await page.getByText("The last answer is copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("Copy **this** one.");

    await page.keyboard.press("Control+Shift+S");
    await nav(page).waitFor({ state: "hidden" });
    await page.reload();
    expect(await nav(page).isVisible(), "it stays so, from the first HTML on").toBe(false);
    await hydrated(page);
    await page.getByRole("button", { name: "Open the list of chats" }).click();
    await nav(page).waitFor();
    await page.keyboard.press("Control+Shift+S");
    await nav(page).waitFor({ state: "hidden" });
    await page.keyboard.press("Control+Shift+S");
    await nav(page).waitFor();
    expect(await composer(page).inputValue(), "nothing of it was written").toBe("half a thought");

    await page.keyboard.press("Control+Shift+O");
    await page.waitForURL(/\/chats$/);
    await expect.poll(() => focused(page)).toBe("message");
    expect(page.url()).not.toContain(chatId);
  },
);

journey(
  "the list of shortcuts opens by keyboard and from the account menu, and never while one writes",
  async (on) => {
    const { page } = await on.signedUp();
    await hydrated(page);
    await composer(page).focus();
    await page.keyboard.type("what? ");
    // Typed as text, a capital comes without the Shift that a person holds for it.
    for (const letter of "OSC") await page.keyboard.press(`Shift+${letter}`);
    expect(await composer(page).inputValue()).toBe("what? OSC");
    expect(await list(page).count()).toBe(0);
    expect(await nav(page).isVisible()).toBe(true);
    await page.keyboard.press("Control+/");
    await list(page).waitFor();
    expect(await list(page).innerText()).toContain("Copy the last answer");
    await page.keyboard.press("Escape");
    await list(page).waitFor({ state: "hidden" });
    await expect.poll(() => focused(page), { message: "the focus comes back" }).toBe("message");
    await composer(page).blur();
    await page.keyboard.press("?");
    await list(page).waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await list(page).waitFor({ state: "hidden" });
    await page.locator("details.account > summary").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Keyboard shortcuts" }).focus();
    await page.keyboard.press("Enter");
    await list(page).waitFor();
  },
);

journey("on a phone the shortcut of the list opens and closes the sheet", async (on) => {
  const { page } = await on.signedUp({ viewport: { width: 390, height: 844 } });
  await hydrated(page);
  await page.keyboard.press("Control+Shift+S");
  await page.locator("[data-sheet=open]").waitFor();
  await page.keyboard.press("Control+Shift+S");
  await page.locator("[data-sheet=open]").waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await page.locator("[data-sheet=open]").waitFor();
});
