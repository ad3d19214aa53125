import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { App } from "../support/app.ts";
import { journeys } from "../support/journey.ts";
import { logLines } from "../support/log-lines.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();
const KEY_REFUSED = /401 \(Unauthorized\)/;

const keyOf = (app: App): string => readFileSync(path.join(app.dataDir, "trigger-secret-key"), "utf8").trim();

journey(
  "the inspector shows a chat that waits for its worker, and that it no longer does, without a reload",
  async (journey) => {
    const { app, model, check } = journey;
    // A page of another server: the form that asks for the key is a 401.
    journey.expectedProblems.push(KEY_REFUSED);
    const { page } = await journey.signedUp();
    const { text, key } = question("Is anybody there");
    const answer = "Now there is.";
    model.answer(key, { text: answer });
    const back = app.keepDown("worker");
    await send(page, text);
    const chatId = await chatIdOf(page);

    const inside = (await journey.open()).page;
    await inside.goto(`${app.triggerUrl}/inspect/sessions/${chatId}`);
    await inside.getByLabel("Secret key").fill(keyOf(app));
    await inside.getByRole("button", { name: "Open" }).click();
    await inside.getByText("No worker is connected, so nothing runs.").waitFor();
    await inside.getByRole("link", { name: chatId }).click();
    const why = inside.locator("#session .why");
    await inside.locator("#live", { hasText: "live" }).waitFor();
    await expect.poll(() => why.textContent()).toContain("1 message waits. Queued: no worker is connected.");
    expect(await inside.content()).not.toContain(key);
    await inside.evaluate(() => (document.title = "never reloaded"));

    back();
    await waitAnswered(page, 1);
    await expect.poll(() => why.textContent(), { timeout: 20_000 }).toContain("Waits for a message");
    expect(await inside.title()).toBe("never reloaded");
    const out = inside.locator("#session .records").last();
    await expect.poll(() => out.textContent()).toContain("trigger-control: turn-complete");
    expect(await inside.content()).not.toContain(answer);

    await inside.locator("#session").getByRole("link", { name: /^run_/ }).first().click();
    await inside.getByText("What it went through").waitFor();
    for (const step of ["QUEUED", "PENDING_EXECUTING", "EXECUTING"])
      await inside.locator(".steps").getByText(step, { exact: false }).first().waitFor();
    await inside.locator("#log summary").click();
    expect((await inside.locator("#log-text").textContent())?.length).toBeGreaterThan(0);
    await check(chatId, [{ user: text, answer }], page);
  },
);

journey("every log line is one event with its ids, and none holds words, keys or tokens", async (journey) => {
  const { app, model } = journey;
  const { page } = await journey.signedUp();
  const { text, key } = question("A sentinel of the question");
  const answer = "sentinelanswer of the model, said to nobody else.";
  model.answer(key, { text: answer });
  await send(page, `${text} sentinelquestion`);
  const chatId = await chatIdOf(page);
  await waitAnswered(page, 1);
  const [session] = await app.query<{ runId: string }>(`SELECT "runId" FROM "ChatSession" WHERE id = $1`, [
    chatId,
  ]);
  const runId = session?.runId ?? "";

  const has = (file: string, event: string, ids: Record<string, unknown>) =>
    expect
      .poll(() => logLines(app, file).some((line) => line.event === event && holds(line, ids)), {
        message: `${event} in ${file}`,
        timeout: 10_000,
      })
      .toBe(true);
  const sessionId = expect.stringMatching(/^session_/) as unknown;
  await has("web.log", "chat.message-sent", { chatId });
  await has("local-trigger.log", "session.created", { chatId, runId, sessionId });
  await has("local-trigger.log", "run.created", { runId, sessionId });
  await has("local-trigger.log", "turn.completed", { chatId, next: expect.any(Number) as unknown });
  await has("worker.log", "run-started", { runId, sessionId });
  await has(`runs/${runId}.log`, "turn.started", { chatId, runId });
  await has(`runs/${runId}.log`, "turn.completed", { chatId, runId, ms: expect.any(Number) as unknown });

  const secrets = [
    "sentinelquestion",
    "sentinelanswer",
    key,
    keyOf(app),
    readFileSync(path.join(app.dataDir, "database-url"), "utf8").trim(),
  ];
  for (const line of logLines(app)) {
    for (const secret of secrets) expect(line.text, `${line.file} holds ${secret}`).not.toContain(secret);
    expect(line.text, "a token").not.toMatch(/eyJ[\w-]{8,}\.[\w-]{8,}\./);
  }
  for (const file of ["web.log", "local-trigger.log", "worker.log"]) {
    const lines = logLines(app, file);
    expect(lines.length, file).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line.event, `${file}: ${line.text}`).toMatch(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/);
      expect(line.level, `${file}: ${line.text}`).toMatch(/^(debug|info|warn|error)$/);
      expect(Date.parse(String(line.time)), `${file}: ${line.text}`).toBeGreaterThan(0);
    }
  }
});

function holds(line: object, ids: Record<string, unknown>): boolean {
  try {
    expect(line).toMatchObject(ids);
    return true;
  } catch {
    return false;
  }
}
