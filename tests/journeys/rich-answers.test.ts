import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { openSecondPage } from "../support/browser.ts";
import { fitsSideways, holdsUnder, PHONE, pressOn } from "../support/conditions.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, shown, waitAnswered, waitForText } from "../support/page.ts";
import { RICH_ANSWER } from "../screenshots/answers.ts";

const { journey } = journeys();

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);
const asked: string[] = [];
let pictures: Server;

beforeAll(async () => {
  pictures = createServer((req, res) => {
    asked.push(`${req.url} ${req.headers.referer ?? "no referrer"} ${req.headers.cookie ?? "no cookie"}`);
    res.writeHead(200, { "content-type": "image/png" }).end(PIXEL);
  });
  await new Promise<void>((resolve) => pictures.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void pictures.close());

/** Everything that is drawn stands there; gives the texts of the messages. */
async function drawn(page: Page): Promise<string[]> {
  await page.locator(".diagram[data-diagram=drawn]").waitFor();
  const inside = page.frameLocator(".diagram-frame");
  await inside.locator("svg").waitFor();
  await expect.poll(() => inside.locator("svg").textContent(), { timeout: 30_000 }).toContain("Web");
  expect(await page.locator("[data-part=text] math").count()).toBeGreaterThan(2);
  expect(await page.locator("[data-part=text] table td").count()).toBeGreaterThan(3);
  return (await shown(page)).map((message) => message.text);
}

journey(
  "a table, formulas, code and a diagram are drawn, in the first HTML what can be, and are the same after a reload",
  async (journey) => {
    const { page } = await journey.signedUp();
    const { text, key } = question("Something rich");
    const prepared = journey.model.answer(key, { text: RICH_ANSWER, pieceSize: 12, pieceMs: 1 });
    await send(page, text);
    await waitAnswered(page, 1);
    const live = await drawn(page);
    await page.reload();
    const html = await (await page.context().request.get(page.url())).text();
    expect(html).toContain("<mfrac>");
    expect(html).not.toMatch(/<[^>]+\sstyle=/);
    await hydrated(page);
    expect(await drawn(page)).toEqual(live);
    await page.getByRole("button", { name: "Show the source" }).click();
    expect((await shown(page)).at(-1)?.text).toContain("flowchart LR");
    expect(prepared.asked).toHaveLength(1);
  },
);

const WIDE = `| ${Array.from({ length: 12 }, (_, column) => `a wide column ${column}`).join(" | ")} |`;
const WIDE_TABLE = `${WIDE}\n${WIDE.replaceAll(/[^|]+/g, "---")}\n${WIDE}\n\n${RICH_ANSWER}`;

journey(
  "a rich answer whose run is killed in a formula is whole in each tab and at 390 px; its table and code by keyboard",
  async (journey) => {
    const tab = await journey.signedUp();
    const { page } = tab;
    await tab.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const { text, key } = question("Richer");
    const inFormula = Math.ceil(WIDE_TABLE.indexOf("mu - ") / 12);
    const prepared = journey.model.answer(key, (attempt) => ({
      text: WIDE_TABLE,
      pieceSize: 12,
      pieceMs: 1,
      ...(attempt === 1 ? { holdAfter: inFormula } : {}),
    }));
    await send(page, text);
    await prepared.held();
    await waitForText(page, 200);
    const other = await openSecondPage(tab, `/chats/${await chatIdOf(page)}`);
    await killRun(journey, await chatIdOf(page));
    for (const on of [page, other]) await waitAnswered(on, 1);
    const live = await drawn(page);
    expect(await drawn(other)).toEqual(live);
    const same = async (on: Page) => expect(await drawn(on)).toEqual(live);
    await holdsUnder(journey, tab, same, ["390 px", "reload"]);

    await page.setViewportSize(PHONE);
    const table = page.getByRole("region", { name: "Table" }).first();
    await pressOn(page, table, { key: "ArrowRight" });
    await expect.poll(() => table.evaluate(({ scrollLeft }) => scrollLeft)).toBeGreaterThan(0);
    await pressOn(page, page.getByRole("button", { name: "Copy code" }).last(), { by: "Tab" });
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("a stream is a log");
    expect(prepared.asked).toHaveLength(2);
  },
);

journey(
  "a diagram that cannot be drawn stays its source, and says so, on a phone in the dark",
  async (journey) => {
    const { page } = await journey.signedUp({ viewport: PHONE, colorScheme: "dark" });
    const { text, key } = question("A wrong diagram");
    journey.model.answer(key, { text: "```mermaid\nflowchart LR\n  A --> --> B\n```" });
    await send(page, text);
    await waitAnswered(page, 1);
    await page.locator(".diagram[data-diagram=failed]").waitFor();
    expect(await page.getByRole("note").getAttribute("data-told")).toMatch(
      /^This diagram could not be drawn/,
    );
    expect((await shown(page)).at(-1)?.text.trim()).toBe("flowchart LR\n  A --> --> B");
    await fitsSideways(page);
  },
);

journey("an image of another host is loaded by a click, without a referrer or a cookie", async (journey) => {
  const { page } = await journey.signedUp();
  const { port } = pictures.address() as AddressInfo;
  const { text, key } = question("An image");
  journey.model.answer(key, { text: `Look: ![a chart](http://127.0.0.1:${port}/chart.png) there` });
  await send(page, text);
  await waitAnswered(page, 1);
  const button = page.getByRole("button", { name: `a chart: load the image from 127.0.0.1:${port}` });
  await button.waitFor();
  expect((await shown(page)).at(-1)?.text).toBe("Look: a chart there");
  expect(asked).toEqual([]);
  await button.click();
  await page.locator(".image-frame[data-loaded=yes]").waitFor();
  expect(asked).toEqual(["/chart.png no referrer no cookie"]);
});
