import type { Page } from "playwright-core";
import { expect } from "vitest";
import { HttpUser } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { newPerson, signUp } from "../support/page.ts";

const { journey } = journeys({ SIGNUP: "invite" });

async function widthsFit(page: Page): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over, "nothing scrolls sideways").toBe(0);
}

journey("the first account invites a second one by a link, and can put it out at once", async (journey) => {
  const { app, open } = journey;
  const admin = (await open()).page;
  await signUp(admin);
  await admin.locator("summary", { hasText: "Ada Lovelace" }).click();
  await admin.getByRole("link", { name: "Accounts" }).click();
  await admin.getByRole("button", { name: "New invitation" }).click();
  const link = await admin.getByLabel("Send this link to one person.").inputValue();
  expect(link.startsWith(`${app.url}/signup?invite=`)).toBe(true);

  const guest = (await open({ viewport: { width: 390, height: 844 }, colorScheme: "dark" })).page;
  await guest.goto("/signup");
  await guest.getByRole("heading", { name: "By invitation" }).waitFor();
  const person = newPerson("Grace Hopper");
  await guest.goto(link);
  await guest.getByLabel("Name").fill(person.name);
  await guest.getByLabel("Email").fill(person.email);
  await guest.getByLabel("Password").fill(person.password);
  await guest.getByRole("button", { name: "Create account" }).click();
  await guest.waitForURL(/\/chats/);
  const again = await new HttpUser(app).get(link.slice(app.url.length));
  expect(await again.text(), "the link makes one account").toContain("This link is used up");

  await admin.goto(`/admin?search=${person.email}`);
  await admin.getByRole("button", { name: `Disable ${person.email}` }).click();
  await admin.getByRole("status").filter({ hasText: "The account is disabled." }).waitFor();
  await admin.setViewportSize({ width: 390, height: 844 });
  await widthsFit(admin);
  await guest.goto("/chats");
  await guest.waitForURL(/\/login/);
});
