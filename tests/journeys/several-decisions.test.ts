import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import type { Tab } from "../support/browser.ts";
import { fitsSideways, holdsUnder, PHONE, pressOn } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { storedRecords } from "../support/http-user.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { question, type ScriptedCall } from "../support/model-script.ts";
import { startPageServer } from "../support/page-server.ts";
import { assistantText, chatIdOf, hydrated, send, waitAnswered, waitReady } from "../support/page.ts";

const web = await startPageServer();
afterAll(() => web.stop());
const { journey } = journeys({ FETCH_ALLOWED_HOSTS: web.host });

const times = (path: string): number => web.asked.filter((one) => one === path).length;

/** Reads this page, which is put there. */
function reads(path: string): ScriptedCall {
  web.put(path, `<title>Of ${path}</title><p>${`What ${path} tells. `.repeat(20)}</p>`);
  return { name: "fetchPage", input: { url: web.address(path) } };
}

/** A chat whose answer waits for several decisions, in a tab with scripts. */
async function waiting(on: Journey, tools: ScriptedCall[], text: string) {
  const tab = await on.signedUp();
  const asked = question("Decide them");
  const prepared = on.model.answer(asked.key, { tools, text });
  await send(tab.page, asked.text);
  const chatId = await chatIdOf(tab.page);
  await waitReady(tab.page);
  await tab.page
    .locator(".decision")
    .nth(tools.length - 1)
    .waitFor();
  return { tab, page: tab.page, chatId, prepared };
}

/** The same person on another device. */
async function device(on: Journey, { context }: Tab, chatId: string, options = {}): Promise<Page> {
  const other = await on.open(options);
  await other.context.addCookies(await context.cookies());
  await other.page.goto(`/chats/${chatId}`);
  return other.page;
}

/** The card of the call that is given this. */
const cardOf = (page: Page, given: string) => page.locator("details.tool").filter({ hasText: given });
const lineOf = (page: Page, given: string) => cardOf(page, given).locator("summary");
const buttonOf = (page: Page, given: string, name: string) =>
  cardOf(page, given).getByRole("button", { name, exact: true });
const left = (page: Page) => page.getByText("Waits for 1 more decision.");

async function untilLine(page: Page, given: string, line: RegExp): Promise<void> {
  let last = "";
  const says = async (): Promise<boolean> =>
    line.test(
      (last = await lineOf(page, given)
        .innerText({ timeout: 500 })
        .catch(() => "")),
    );
  await eventually(says, { what: () => `the card of ${given} says "${last}", not ${line}`, ms: 30_000 });
}

/** The answers to waiting calls that were handed to the run. */
async function sentAnswers({ app }: Journey, chatId: string): Promise<unknown[]> {
  const records = await storedRecords(app, chatId, "in");
  return records.filter(({ data }) => {
    const { payload } = data as { payload?: { message?: { role?: string } } };
    return payload?.message?.role === "assistant";
  });
}

/** Waits until so many calls of the chat are stored as denied. */
async function settled({ app }: Journey, chatId: string, count: number): Promise<void> {
  const denied = async (): Promise<boolean> => {
    const rows = await app.query<{ message: { parts: { state?: string }[] } }>(
      `SELECT message FROM "Message" WHERE "chatId" = $1`,
      [chatId],
    );
    const parts = rows.flatMap(({ message }) => message.parts);
    return parts.filter(({ state }) => state === "output-denied").length === count;
  };
  await eventually(denied, { what: () => `not ${count} calls are stored as denied`, ms: 30_000 });
}

journey(
  "two approvals by keyboard, one before and one after a reload, are kept and let the answer go on once",
  async (on) => {
    const { tab, page, chatId, prepared } = await waiting(on, [reads("/one"), reads("/two")], "Both read.");
    await pressOn(page, buttonOf(page, "/one", "Approve"));
    const sees = async (look: Page): Promise<void> => {
      await untilLine(look, "/one", /Reading a page: approved/);
      await left(look).waitFor();
      expect(await buttonOf(look, "/one", "Approve").count()).toBe(0);
      await buttonOf(look, "/two", "Approve").waitFor();
    };
    await holdsUnder(on, tab, sees, ["reload", "second tab", "390 px", "killed run, asked later"]);
    const plain = await device(on, tab, chatId, { scripts: false });
    await sees(plain);
    expect(
      times("/one") + (await sentAnswers(on, chatId)).length,
      "nothing is done before all is decided",
    ).toBe(0);
    await page.setViewportSize(PHONE);
    await pressOn(page, buttonOf(page, "/two", "Approve"));
    await waitAnswered(page, 1);
    await fitsSideways(page);
    expect(await assistantText(page)).toBe("Both read.");
    expect([times("/one"), times("/two")]).toEqual([1, 1]);
    expect(prepared.asked).toHaveLength(2);
    await page.reload();
    await hydrated(page);
    expect(await assistantText(page)).toBe("Both read.");
    expect(await left(page).count()).toBe(0);
  },
);

journey(
  "one is approved at the desk and one on the phone: each sees the other's, and each runs once",
  async (on) => {
    const { tab, page, chatId, prepared } = await waiting(
      on,
      [reads("/desk"), reads("/phone")],
      "Read by two.",
    );
    const phone = await device(on, tab, chatId, { viewport: PHONE });
    await hydrated(phone);
    await buttonOf(page, "/desk", "Approve").click();
    await untilLine(phone, "/desk", /approved/);
    await left(phone).waitFor();
    await buttonOf(phone, "/phone", "Approve").click();
    for (const each of [page, phone]) {
      await waitAnswered(each, 1);
      expect(await assistantText(each)).toBe("Read by two.");
    }
    expect([times("/desk"), times("/phone")]).toEqual([1, 1]);
    expect(prepared.asked).toHaveLength(2);
    expect(await sentAnswers(on, chatId)).toHaveLength(1);
  },
);

journey("desk and phone decide the last two at the same moment: the answer goes on once", async (on) => {
  const { tab, page, chatId, prepared } = await waiting(on, [reads("/left"), reads("/right")], "Raced.");
  const phone = await device(on, tab, chatId, { viewport: PHONE });
  await hydrated(phone);
  await buttonOf(phone, "/right", "Approve").waitFor();
  await Promise.all([
    buttonOf(page, "/left", "Approve").click(),
    buttonOf(phone, "/right", "Approve").click(),
  ]);
  for (const each of [page, phone]) await waitAnswered(each, 1);
  expect([times("/left"), times("/right")]).toEqual([1, 1]);
  expect(prepared.asked).toHaveLength(2);
  expect(await sentAnswers(on, chatId)).toHaveLength(1);
});

journey(
  "without scripts each is decided by its form, one after the other, and the first decision counts",
  async (on) => {
    on.expectedProblems.push(/status of 409/);
    const { tab, page, chatId } = await waiting(on, [reads("/plain"), reads("/refused")], "Without scripts.");
    const plain = await device(on, tab, chatId, { scripts: false });
    const late = await device(on, tab, chatId, { scripts: false });
    await buttonOf(plain, "/plain", "Approve").click();
    await left(plain).waitFor();
    await untilLine(plain, "/plain", /approved/);
    await buttonOf(late, "/plain", "Deny…").click();
    await late.getByText("This was decided already.").waitFor();
    await untilLine(late, "/plain", /approved/);
    await buttonOf(plain, "/refused", "Deny…").click();
    await waitAnswered(page, 1);
    await untilLine(page, "/refused", /not allowed/);
    expect([times("/plain"), times("/refused")]).toEqual([1, 0]);
  },
);

journey("a denial with its reason, an approval and an own answer reach the run together", async (on) => {
  const ask = { question: "Which colour?", choices: ["Red", "Blue"], allowOther: true };
  const again = { question: "Which shade?", choices: ["Dark", "Light"], allowOther: true };
  const calls = [
    reads("/never"),
    reads("/allowed"),
    { name: "askUser", input: ask },
    { name: "askUser", input: again },
  ];
  const { page, prepared } = await waiting(on, calls, "All decided.");
  for (const path of ["/never", "/allowed"]) await buttonOf(page, path, "Deny…").click();
  const ids = await page.locator("[id]").evaluateAll((elements) => elements.map(({ id }) => id));
  expect(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    "ids that are there twice",
  ).toEqual([]);
  await buttonOf(page, "/allowed", "Back").click();
  await cardOf(page, "/never").getByLabel("Reason").fill("I do not trust it");
  await page.keyboard.press("Enter");
  await untilLine(page, "/never", /denied/);
  await buttonOf(page, "/allowed", "Approve").click();
  await untilLine(page, "/allowed", /approved/);
  await cardOf(page, "Which colour?").getByLabel("Another answer").fill("Green");
  await page.keyboard.press("Enter");
  await untilLine(page, "Which colour?", /Asked you/);
  await page.reload();
  await hydrated(page);
  await lineOf(page, "/never").click();
  expect(await cardOf(page, "/never").innerText()).toMatch(/Reason\s+I do not trust it/);
  await buttonOf(page, "Which shade?", "Dark").click();
  await waitAnswered(page, 1);
  expect([times("/never"), times("/allowed")]).toEqual([0, 1]);
  const told = JSON.stringify(prepared.asked.at(-1)?.request.messages);
  for (const word of ["I do not trust it", "Green", "Dark"]) expect(told).toContain(word);
});

journey(
  "the last decision is kept while the service that answers is away, and is sent again afterwards",
  async (on) => {
    on.expectedProblems.push(/status of 503|ERR_CONNECTION_REFUSED|Failed to load resource/);
    const { page, chatId, prepared } = await waiting(on, [reads("/kept"), reads("/last")], "Sent later.");
    await buttonOf(page, "/kept", "Approve").click();
    await left(page).waitFor();
    const back = on.app.keepDown("local-trigger");
    await buttonOf(page, "/last", "Approve").click();
    const again = page.getByRole("button", { name: "Send the decisions", exact: true });
    await again.waitFor();
    await untilLine(page, "/last", /approved/);
    back();
    await on.app.healthy();
    await page.reload();
    await hydrated(page);
    await again.click();
    await waitAnswered(page, 1);
    expect([times("/kept"), times("/last")]).toEqual([1, 1]);
    expect(prepared.asked).toHaveLength(2);
    expect(await sentAnswers(on, chatId)).toHaveLength(1);
  },
);

journey("whoever writes on has left what was decided behind: nothing of it runs", async (on) => {
  const { page, chatId, prepared } = await waiting(on, [reads("/gone"), reads("/open")], "Never said.");
  await buttonOf(page, "/gone", "Approve").click();
  await left(page).waitFor();
  const next = question("Never mind");
  on.model.answer(next.key, { text: "As you like." });
  await send(page, next.text);
  await waitAnswered(page, 1);
  // The run stores what it has settled a moment after the turn.
  await settled(on, chatId, 2);
  await page.reload();
  await hydrated(page);
  for (const path of ["/gone", "/open"]) await untilLine(page, path, /not allowed/);
  expect(await left(page).count()).toBe(0);
  expect([times("/gone"), times("/open")]).toEqual([0, 0]);
  expect(prepared.asked).toHaveLength(1);
  expect(await sentAnswers(on, chatId)).toHaveLength(0);
});
