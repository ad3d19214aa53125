import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { hydrated, send, stopButton, waitAnswered, waitStatus } from "../support/page.ts";

const { journey } = journeys();

const ticks = (page: Page) =>
  page.locator("[data-tick]").evaluateAll((all) => all.map((one) => one.getAttribute("data-tick")));

journey(
  "a message that is left without an answer does not promise one, until it is asked to be answered again",
  async ({ model, signedUp }) => {
    const { page } = await signedUp();
    const stopped = question("Stopped before a word");
    const prepared = model.answer(stopped.key, (attempt) =>
      attempt === 1 ? { text: "Late.", holdAfter: 0 } : { text: "Here it is." },
    );
    await send(page, stopped.text);
    await prepared.held();
    expect(["stored", "answering"]).toContain((await ticks(page)).join(" "));
    expect(await page.getByRole("button", { name: "Good answer" }).count(), "nothing to judge yet").toBe(0);
    await stopButton(page).click();
    await waitStatus(page, "error");
    for (const reloaded of [false, true]) {
      if (reloaded) await page.reload();
      await hydrated(page);
      expect(await ticks(page)).toEqual(["unanswered"]);
      expect(await page.locator("main").innerText()).not.toContain("it will be answered");
    }
    await page.getByRole("button", { name: "Try again" }).click();
    await waitAnswered(page, 1);
    expect(await ticks(page)).toEqual(["answered"]);

    const failed = question("Fails");
    model.answer(failed.key, { fail: { status: 400, message: "the model refuses" } });
    await send(page, failed.text);
    await waitStatus(page, "error");
    for (const reloaded of [false, true]) {
      if (reloaded) await page.reload();
      await hydrated(page);
      expect(await ticks(page)).toEqual(["answered", "unanswered"]);
    }
  },
);
