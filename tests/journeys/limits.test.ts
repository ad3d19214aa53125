import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { append, HttpUser, messageBody, storedRecords } from "../support/http-user.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { composer, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys({
  LIMIT_ANSWERS_PER_MINUTE: "0",
  LIMIT_ANSWERS_PER_DAY: "3",
  LIMIT_ANSWERS_AT_ONCE: "2",
  LIMIT_TOKENS_PER_DAY: "50000",
  LIMIT_COST_PER_DAY: "1",
});

const refusedInRun = (page: Page) => page.getByText(/You have reached your limit of/).first();

/** As the models of other calls have left it. */
async function spend(
  { app }: Journey,
  chatId: string,
  used: { tokens?: number; costMicros?: number },
  hoursAgo: number,
): Promise<void> {
  await app.query(
    `INSERT INTO "Usage" (id, "userId", "chatId", at, model, kind, "inputTokens", "outputTokens", "costMicros")
     SELECT $1, "userId", id, timezone('utc', now()) - make_interval(hours => $3), 'm', 'answer', $4, 0, $5
       FROM "Chat" WHERE id = $2`,
    [randomUUID(), chatId, hoursAgo, used.tokens ?? 0, used.costMicros ?? 0],
  );
}

journey(
  "S19: past the limit our route answers 429 and keeps the text, and a direct append is refused before any model call",
  async (journey) => {
    const { app, model } = journey;
    const { page } = await journey.signedUp();
    const asked = ["one", "two", "three"].map(() => question("Count me"));
    for (const [index, { text, key }] of asked.entries()) {
      model.answer(key, { text: "Counted." });
      await send(page, text);
      await waitAnswered(page, index + 1);
    }
    const past = question("One too many");
    await send(page, past.text);
    await refusedInRun(page).waitFor();
    expect(await refusedInRun(page).innerText()).toMatch(/3 answers in 24 hours.*go on in 2\d hours/);
    expect(await page.getByText(past.text).count(), "the message is kept").toBeGreaterThan(0);
    expect(model.askedFor(past.key)).toEqual([]);

    await page.goto("/settings");
    expect(await page.locator("#limits").innerText()).toContain("3 of 3 used");

    await page.goto("/chats");
    const first = question("A new chat");
    await composer(page).fill(first.text);
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "3 answers in 24 hours" }).waitFor();
    expect(await composer(page).inputValue()).toBe(first.text);
    expect(model.askedFor(first.key)).toEqual([]);
    journey.expectedProblems.push(/429/);
    expect(app.logs(200)).toContain('"what":"limit"');
  },
);

journey(
  "S19: our routes say when there is room again: when enough of what was used is a day old",
  async (journey) => {
    const { app, model } = journey;
    const user = await new HttpUser(app).signUp();
    const { chatId } = await user.newChat();
    await spend(journey, chatId, { tokens: 40_000 }, 23);
    await spend(journey, chatId, { tokens: 10_000 }, 1);
    const { text, key } = question("Too dear");
    const post = (fields: Record<string, string>) => user.post(`/chats/${chatId}`, { text, ...fields });
    for (const fields of [
      { intent: "send" },
      { intent: "edit", target: "x" },
      { intent: "again", target: "x" },
    ]) {
      const refused = await post(fields as Record<string, string>);
      expect(refused.status, fields.intent).toBe(429);
      const wait = Number(refused.headers.get("retry-after"));
      // The 40,000 tokens of 23 hours ago go in an hour, and that is enough.
      expect(wait).toBeGreaterThan(3500);
      expect(wait).toBeLessThanOrEqual(3600);
    }
    const created = await user.post("/chats?index", { chatId: randomUUID(), text });
    expect([created.status, Number(created.headers.get("retry-after")) > 3500]).toEqual([429, true]);
    expect(await created.text()).toContain(text);
    expect(model.askedFor(key)).toEqual([]);
  },
);

for (const [what, used, told] of [
  ["tokens", { tokens: 50_000 }, "You have reached your limit of 50,000 tokens in 24 hours."],
  ["cost", { costMicros: 1_000_000 }, "You have reached your limit of $1.00 in 24 hours."],
] as const) {
  journey(
    `S19: by ${what}, a direct append is refused in the run before any model call, and little left is said before`,
    async (journey) => {
      const { app, model } = journey;
      const user = await new HttpUser(app).signUp();
      const { chatId, token } = await user.newChat();
      const page = async () => (await user.get(`/chats/${chatId}`)).text();
      expect(await page()).not.toContain("limit-note");
      const most = Object.fromEntries(Object.entries(used).map(([name, n]) => [name, n * 0.85]));
      await spend(journey, chatId, most, 2);
      expect(await page()).toMatch(/<p class="limit-note">[\d,.$]+ of [\d,.$]+ (tokens are|is) left/);
      await spend(journey, chatId, used, 2);
      const { text, key } = question("Straight to the stream");
      expect((await append(app, chatId, token, messageBody(chatId, text))).status).toBe(200);
      const records = async () => JSON.stringify(await storedRecords(app, chatId, "out"));
      await expect.poll(records, { timeout: 30_000, interval: 300 }).toContain(told);
      expect(model.askedFor(key)).toEqual([]);
    },
  );
}

journey("S14: only so many answers of one person are made at the same time", async (journey) => {
  const { app, model } = journey;
  const user = await new HttpUser(app).signUp();
  const asked = ["a", "b", "c"].map(() => question("At once"));
  const prepared = asked.map(({ key }) => model.answer(key, { text: "x".repeat(60), holdAfter: 2 }));
  const ask = (text: string) => user.post("/chats?index", { chatId: randomUUID(), text });
  for (const index of [0, 1]) {
    expect((await ask(asked[index]?.text ?? "")).status).toBe(302);
    await prepared[index]?.held();
  }
  const refused = await ask(asked[2]?.text ?? "");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
  prepared[0]?.release();
  await expect
    .poll(async () => (await ask(asked[2]?.text ?? "")).status, { timeout: 20_000, interval: 500 })
    .toBe(302);
  prepared[1]?.release();
  prepared[2]?.release();
});
