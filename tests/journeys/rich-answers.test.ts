import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect } from "vitest";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { hydrated, send, shown, waitAnswered } from "../support/page.ts";
import { RICH_ANSWER } from "../screenshots/answers.ts";

const { journey } = journeys();
const PHONE = { width: 390, height: 844 };

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

journey(
  "a table, formulas, code and a diagram are drawn, in the first HTML what can be, and are the same after a reload",
  async (journey) => {
    const { page } = await journey.signedUp();
    const { text, key } = question("Something rich");
    const prepared = journey.model.answer(key, { text: RICH_ANSWER, pieceSize: 12, pieceMs: 1 });
    await send(page, text);
    await waitAnswered(page, 1);
    const drawn = page.locator(".diagram[data-diagram=drawn]");
    const look = async (): Promise<string[]> => {
      await drawn.waitFor();
      const inside = page.frameLocator(".diagram-frame");
      await inside.locator("svg").waitFor();
      await expect.poll(() => inside.locator("svg").textContent(), { timeout: 10_000 }).toContain("Web");
      expect(await page.locator("[data-part=text] math").count()).toBeGreaterThan(2);
      expect(await page.locator("[data-part=text] table td").count()).toBeGreaterThan(3);
      return (await shown(page)).map((message) => message.text);
    };
    const live = await look();
    await page.reload();
    const html = await (await page.context().request.get(page.url())).text();
    expect(html).toContain("<mfrac>");
    expect(html).not.toMatch(/<[^>]+\sstyle=/);
    await hydrated(page);
    expect(await look()).toEqual(live);
    await page.getByRole("button", { name: "Show the source" }).click();
    expect((await shown(page)).at(-1)?.text).toContain("flowchart LR");
    expect(prepared.asked).toHaveLength(1);
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
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
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
