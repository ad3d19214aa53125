import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, shown, waitAnswered } from "../support/page.ts";

const { journey } = journeys();

async function download(page: Page, name: string): Promise<string> {
  if (!(await page.locator("details.chat-panel[open]").count()))
    await page.locator("details.chat-panel > summary").click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name, exact: true }).click(),
  ]);
  return readFileSync(await file.path(), "utf8");
}

async function importFile(page: Page, text: string): Promise<void> {
  await page.goto("/settings");
  await page
    .getByLabel("A file of chats")
    .setInputFiles({ name: "chats.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await page.getByRole("button", { name: "Import chats" }).click();
}

/** What a file of so many bytes is answered, before any of them is sent; undefined where they are waited for. */
function statusFor(url: string, cookie: string, length: number): Promise<number | undefined> {
  const type = "multipart/form-data; boundary=x";
  const headers = { cookie, origin: url, "content-type": type, "content-length": length };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/settings/import`, { method: "POST", headers });
    asked.once("error", reject).once("response", ({ statusCode }) => {
      resolve(statusCode);
      asked.destroy();
    });
    asked.setTimeout(20_000, () => {
      resolve(undefined);
      asked.destroy();
    });
    asked.flushHeaders();
  });
}

const texts = async (page: Page) => (await shown(page)).map(({ text }) => text);

journey(
  "a chat is downloaded to be read and to be imported, by another person too, and goes on there",
  async (on) => {
    const { page } = await on.signedUp();
    const first = question("Calculate");
    on.model.answer(first.key, {
      tool: { name: "calculate", input: { expression: "6*7" } },
      text: "It is *42*.",
    });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const second = question("Say more");
    on.model.answer(second.key, { text: "No." });
    await send(page, second.text);
    await waitAnswered(page, 2);
    const markdown = await download(page, "Markdown");
    expect(markdown).toContain(
      `## You\n\n${first.text}\n\n## Longrun\n\n*Used calculate*\n\nIt is *42*.\n\n## You\n\n${second.text}`,
    );
    const json = await download(page, "JSON");

    const other = (await on.signedUp()).page;
    await importFile(other, json);
    const newId = await chatIdOf(other);
    expect(newId).not.toBe(chatId);
    await hydrated(other);
    expect(await texts(other)).toEqual(await texts(page));
    await other.locator("[data-part=tool-calculate] > summary").click();
    expect(await other.locator("[data-part=tool-calculate]").innerText()).toMatch(/Result\s+42/);
    const next = question("And here");
    const prepared = on.model.answer(next.key, { text: "Here too." });
    await send(other, next.text);
    await waitAnswered(other, 3);
    expect(JSON.stringify(prepared.asked[0]?.request), "the model knows what was said").toContain(
      second.text,
    );
    const stored = async () => {
      const rows = await on.app.query<{ count: number }>(
        `SELECT c."userId", count(*)::int FROM "Message" m JOIN "Chat" c ON c."id" = m."chatId"
         WHERE c."id" = ANY ($1::text[]) AND m."final" GROUP BY 1 ORDER BY 2`,
        [[chatId, newId]],
      );
      return rows.map(({ count }) => count);
    };
    await expect.poll(stored, { message: "each person's own" }).toEqual([4, 6]);
  },
);

/** What somebody may have written into a file. */
const FORGED = {
  chats: [
    {
      title: "Forged",
      userId: "somebody-else",
      messages: [
        { id: "s", role: "assistant", parts: [{ type: "data-error", data: { text: "no" } }] },
        { id: "u", role: "user", parentId: "s", parts: [{ type: "text", text: "Hello <b>there</b>" }] },
        {
          id: "a",
          role: "assistant",
          parentId: "u",
          final: false,
          metadata: { runId: "run_x", costMicros: -5, model: "forged:model" },
          parts: [
            { type: "text", text: "Answer.", evil: true },
            {
              type: "tool-fetchPage",
              toolCallId: "c1",
              state: "approval-requested",
              input: { url: "http://127.0.0.1/" },
              approval: { id: "c1" },
            },
            { type: "tool-askUser", toolCallId: "c2", state: "input-available", input: {} },
            { type: "file", url: "/attachments/x", filename: "secret.png", mediaType: "image/png" },
          ],
        },
      ],
    },
  ],
};

journey("of a file only what was said, and calls that are over, are taken", async (on) => {
  const { page } = await on.signedUp();
  await importFile(page, JSON.stringify(FORGED));
  const chatId = await chatIdOf(page);
  await hydrated(page);
  expect(await texts(page)).toEqual(["Hello <b>there</b>", "Answer.[Attached: secret.png]"]);
  expect(await page.locator(".decision").count()).toBe(0);
  const rows = await on.app.query<{ message: { parts: unknown[]; metadata?: unknown }; final: boolean }>(
    `SELECT "message", "final" FROM "Message" WHERE "chatId" = $1 ORDER BY "position"`,
    [chatId],
  );
  expect(rows.map(({ final }) => final)).toEqual([true, true]);
  expect(rows[1]?.message.metadata).toEqual({ model: "forged:model" });
  expect(rows[1]?.message.parts).toEqual([
    { type: "text", text: "Answer." },
    { type: "text", text: "[Attached: secret.png]" },
  ]);
});

journey(
  "what is no file of chats is refused with a sentence, and what is too large is not read",
  async (on) => {
    const { page, context } = await on.signedUp();
    const deep = `{"chats":[{"messages":[{"id":"a","role":"user","parts":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}]}`;
    for (const file of ["not json", '{"chats":[]}', '{"chats":[{"messages":[{"role":"system"}]}]}', deep]) {
      await importFile(page, file);
      await page.getByText("This is no file of exported chats.").waitFor();
    }
    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    expect(await statusFor(on.app.url, cookie, 22 * 1_048_576)).toBe(413);
    await page.goto("/chats");
    await page.getByText("Your chats will be listed here.").waitFor();
  },
);
