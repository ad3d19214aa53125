import type { Page } from "playwright-core";
import { expect } from "vitest";
import { HttpUser } from "../support/http-user.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { newPerson, type Person } from "../support/page.ts";

const { journey } = journeys();

const CHANGED = "eleven quiet herons";
const LOOKS = [
  { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
] as const;

async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/chats/);
}

const notice = (page: Page, text: string) => page.getByRole("status").filter({ hasText: text }).waitFor();

/** Presses Tab until the control has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    const told = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      return `${element?.labels?.[0]?.textContent ?? ""} ${element?.textContent ?? ""}`;
    });
    if (told.trim().startsWith(name)) return;
  }
  throw new Error(`Tab does not reach "${name}"`);
}

/** Renames, changes the password, signs the other device out, and deletes the account: every form of the page. */
async function useEveryForm(page: Page, person: Person): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill("Grace Hopper");
  await page.getByRole("button", { name: "Save name" }).click();
  await notice(page, "Your name is saved.");

  await page.getByRole("button", { name: "Sign out Unknown device, last used in the last hour" }).click();
  await notice(page, "Signed out there.");
  expect(await page.getByText("This device").count()).toBe(1);
  expect(await page.getByRole("button", { name: "Sign out all other devices" }).count()).toBe(0);

  await page.getByLabel("Current password").fill("a wrong guess");
  await page.getByLabel("New password").fill(CHANGED);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("alert").filter({ hasText: "This is not your password." }).waitFor();
  expect(await page.getByLabel("New password").inputValue()).toBe("");
  await page.getByLabel("Current password").fill(person.password);
  await page.getByLabel("New password").fill(CHANGED);
  await page.getByRole("button", { name: "Change password" }).click();
  await notice(page, "Your password is changed");

  await page.getByText("Delete my account…").click();
  await page.getByLabel("Your password").fill(CHANGED);
  await page.getByLabel("Your email address").fill("someone@example.org");
  await page.getByRole("button", { name: "Delete account and all chats" }).click();
  await page
    .getByRole("alert")
    .filter({ hasText: `Type ${person.email} to confirm.` })
    .waitFor();
  await page.getByLabel("Your password").fill(CHANGED);
  await page.getByLabel("Your email address").fill(person.email);
  await page.getByRole("button", { name: "Delete account and all chats" }).click();
  await page.waitForURL(/\/login/);
}

async function widthsFit(page: Page): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over, "nothing scrolls sideways").toBe(0);
}

async function start({ app, open }: Journey, options: Parameters<Journey["open"]>[0]) {
  const person = newPerson();
  const other = await new HttpUser(app).signUp(person);
  const tab = await open(options);
  await signIn(tab.page, person);
  return { person, other, page: tab.page };
}

journey("with the keyboard the settings are found in the account menu, and work", async (journey) => {
  const { page } = await start(journey, {});
  await page.locator("summary", { hasText: "Ada Lovelace" }).focus();
  await page.keyboard.press("Enter");
  await tabTo(page, "Settings");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/settings$/);
  await tabTo(page, "Name");
  await page.keyboard.type("Grace Hopper");
  await page.keyboard.press("Enter");
  await notice(page, "Your name is saved.");
  await tabTo(page, "Current password");
  await page.keyboard.type("a wrong guess");
  await tabTo(page, "New password");
  await page.keyboard.type(CHANGED);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  expect(await page.locator(":focus").getAttribute("name"), "the wrong field has the focus").toBe(
    "currentPassword",
  );
  await tabTo(page, "Sign out all other devices");
  await page.keyboard.press("Enter");
  await notice(page, "Signed out there.");
  await page.getByRole("link", { name: "Back to your chats" }).click();
  await page.locator("summary", { hasText: "Grace Hopper" }).waitFor();
  journey.expectedProblems.push(/400/);
});

for (const look of LOOKS) {
  journey(`every form works with scripts, ${look.viewport.width} px wide`, async (journey) => {
    const { page, person, other } = await start(journey, look);
    const { chatId } = await other.newChat();
    await page.goto("/settings");
    await widthsFit(page);
    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download my chats" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^longrun-chats-\d{4}-\d\d-\d\d\.json$/);
    await useEveryForm(page, person);
    expect((await other.get("/chats")).status, "the other device is signed out").toBe(302);
    const [left] = await journey.app.query<{ rows: number }>(
      'SELECT (SELECT count(*) FROM "Chat" WHERE id = $1)::int + (SELECT count(*) FROM "User" WHERE email = $2)::int AS rows',
      [chatId, person.email],
    );
    expect(left?.rows).toBe(0);
    journey.expectedProblems.push(/400/);
  });
}

journey("every form works without scripts", async (journey) => {
  const { page, person, other } = await start(journey, { scripts: false });
  await page.goto("/settings");
  await useEveryForm(page, person);
  expect((await other.get("/chats")).status).toBe(302);
  journey.expectedProblems.push(/400/);
});
