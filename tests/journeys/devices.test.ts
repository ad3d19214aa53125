import type { Page } from "playwright-core";
import { expect } from "vitest";
import { PHONE } from "../support/conditions.ts";
import { eventually } from "../support/eventually.ts";
import { killRun } from "../support/fault-steps.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { logLines } from "../support/log-lines.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { isAlive } from "../support/process-list.ts";
import {
  chatIdOf,
  composer,
  hydrated,
  newPerson,
  send,
  shown,
  signUp,
  status,
  stopButton,
  waitAnswered,
  waitForText,
  waitReady,
} from "../support/page.ts";

const { journey } = journeys();

/** The same person in two browsers that share nothing. */
async function twoDevices({ open }: Journey): Promise<{ desk: Page; phone: Page }> {
  const person = newPerson();
  const [desk, phone] = [await open(), await open({ viewport: PHONE })];
  await signUp(desk.page, person);
  await phone.page.goto("/login");
  await phone.page.getByLabel("Email").fill(person.email);
  await phone.page.getByLabel("Password").fill(person.password);
  await phone.page.getByRole("button", { name: "Sign in" }).click();
  await phone.page.waitForURL(/\/chats/);
  return { desk: desk.page, phone: phone.page };
}

journey(
  "Stop on another device, after a reload there, ends the answer on both and keeps it",
  async (journey) => {
    const { model, check } = journey;
    const { desk, phone } = await twoDevices(journey);
    const { text, key } = question("Stopped from afar");
    const prepared = model.answer(key, { text: numberedWords(40), holdAfter: 12 });
    await send(desk, text);
    const chatId = await chatIdOf(desk);
    await prepared.held();
    await phone.goto(`/chats/${chatId}`);
    await phone.reload();
    await hydrated(phone);
    for (const page of [desk, phone]) await waitForText(page, 55);
    await stopButton(phone).click();
    const stopped = { user: text, answer: { stopped: "" } };
    for (const page of [phone, desk]) await waitReady(page);
    await expect.poll(() => prepared.asked[0]?.state, { message: "the model was told to stop" }).toBe("cut");
    stopped.answer.stopped = prepared.asked[0]?.sent ?? "";
    for (const page of [phone, desk]) await check(chatId, [stopped], page);

    const next = question("Goes on");
    model.answer(next.key, { text: "Gone on." });
    await send(desk, next.text);
    for (const page of [desk, phone]) {
      await waitAnswered(page, 2);
      await check(chatId, [stopped, { user: next.text, answer: "Gone on." }], page);
    }
  },
);

journey("a run killed while both devices watch gives both the one answer, and no other", async (journey) => {
  const { model, check } = journey;
  const { desk, phone } = await twoDevices(journey);
  const { text, key } = question("Killed before two");
  const answer = numberedWords(30);
  const prepared = model.answer(key, (attempt) => ({
    text: answer,
    ...(attempt === 1 ? { holdAfter: 10 } : {}),
  }));
  await send(desk, text);
  const chatId = await chatIdOf(desk);
  await prepared.held();
  await phone.goto(`/chats/${chatId}`);
  await hydrated(phone);
  for (const page of [desk, phone]) await waitForText(page, 40);
  await killRun(journey, chatId);
  for (const page of [desk, phone]) {
    await waitAnswered(page, 1);
    await check(chatId, [{ user: text, answer, asked: 2 }], page);
  }
  await phone.reload();
  await waitAnswered(phone, 1);
  await check(chatId, [{ user: text, answer, asked: 2 }], phone);
});

journey(
  "the first message of a new chat is answered by the spare process that stood ready",
  async (journey) => {
    const { app, model } = journey;
    const { page } = await journey.signedUp();
    const busy = () => [...app.runPids().values()];
    const pidOf = ({ text }: { text: string }) => (JSON.parse(text) as { pid: number }).pid;
    const ready = () =>
      logLines(app, "worker.log")
        .filter(({ event }) => event === "spare-ready")
        .map(pidOf);
    // One that is ready and has no run.
    const spare = await eventually(() => ready().findLast((pid) => isAlive(pid) && !busy().includes(pid)), {
      what: () => `no spare process is ready\n${app.logs()}`,
      ms: 60_000,
    });
    const { text, key } = question("At once");
    const prepared = model.answer(key, { text: "At once.", holdAfter: 1 });
    await send(page, text);
    await prepared.held();
    const [session] = await app.query<{ runId: string }>(`SELECT "runId" FROM "ChatSession" WHERE id = $1`, [
      await chatIdOf(page),
    ]);
    expect(app.runPids().get(session?.runId ?? "")).toBe(spare);
    prepared.release();
    await waitAnswered(page, 1);
  },
);

journey(
  "both devices send at once: both are answered in one order everywhere, nobody is locked out, and a draft stays",
  async (journey) => {
    const { model } = journey;
    const { desk, phone } = await twoDevices(journey);
    const first = question("Opens");
    model.answer(first.key, { text: "Opened." });
    await send(desk, first.text);
    const chatId = await chatIdOf(desk);
    await waitAnswered(desk, 1);
    await phone.goto(`/chats/${chatId}`);
    await hydrated(phone);
    const [a, b] = [question("From the desk"), question("From the phone")];
    model.answer(a.key, { text: numberedWords(20, "desk") });
    model.answer(b.key, { text: numberedWords(20, "phone") });
    await Promise.all([send(desk, a.text), send(phone, b.text)]);
    // Written while the answers arrive.
    await composer(desk).fill("half a thought");
    for (const page of [desk, phone]) await waitAnswered(page, 3);
    const onDesk = (await shown(desk)).map(({ text }) => text);
    expect(onDesk.slice(2).sort()).toEqual(
      [a.text, b.text, numberedWords(20, "desk"), numberedWords(20, "phone")].sort(),
    );
    expect(onDesk.indexOf(numberedWords(20, "desk"))).toBe(onDesk.indexOf(a.text) + 1);
    expect(onDesk.indexOf(numberedWords(20, "phone"))).toBe(onDesk.indexOf(b.text) + 1);
    expect((await shown(phone)).map(({ text }) => text)).toEqual(onDesk);
    expect(await composer(desk).inputValue()).toBe("half a thought");
    expect(await composer(phone).inputValue()).toBe("");
    for (const { key } of [a, b]) expect(model.askedFor(key)).toHaveLength(1);
    await desk.reload();
    await waitReady(desk);
    expect((await shown(desk)).map(({ text }) => text)).toEqual(onDesk);
    await expect.poll(() => composer(desk).inputValue()).toBe("half a thought");
  },
);

journey(
  "what waits, an edit of it, a withdrawal, a rename and another version show on the other device without a reload",
  async (journey) => {
    const { model } = journey;
    const { desk, phone } = await twoDevices(journey);
    const first = question("Runs");
    const running = model.answer(first.key, { text: numberedWords(20), holdAfter: 8 });
    await send(desk, first.text);
    const chatId = await chatIdOf(desk);
    await running.held();
    await phone.goto(`/chats/${chatId}`);
    await hydrated(phone);
    const [kept, gone] = [question("Kept"), question("Gone")];
    const reworded = `${kept.text} in other words`;
    model.answer(kept.key, { text: "Kept and answered." });
    await send(desk, kept.text);
    await send(desk, gone.text);
    await phone.getByText(gone.text).waitFor();
    const onDesk = (text: string) => desk.locator("article.user", { hasText: text });
    await onDesk(gone.text).getByRole("button", { name: "Withdraw" }).click();
    await onDesk(kept.text).getByRole("button", { name: "Edit" }).click();
    await desk.getByLabel("Edit the waiting message").fill(reworded);
    await desk.getByRole("button", { name: "Save" }).click();
    await phone.getByText(gone.text).waitFor({ state: "detached" });
    await phone.getByText(reworded).waitFor();
    expect(await status(phone), "the answer still runs").toBe("streaming");
    running.release();
    for (const page of [desk, phone]) await waitAnswered(page, 2);

    await desk
      .getByRole("button", { name: /^Rename/ })
      .first()
      .click();
    await desk.getByLabel("New title").fill("Two devices");
    await desk.keyboard.press("Enter");
    await expect.poll(() => phone.title()).toBe("Two devices – Longrun");

    const edited = question("Instead");
    model.answer(edited.key, { text: "Answered instead." });
    await onDesk(reworded).getByRole("button", { name: "Edit message" }).click();
    await desk.getByLabel("Edit your message").fill(edited.text);
    await desk.keyboard.press("Enter");
    await phone.getByText("Answered instead.", { exact: true }).waitFor();
    await waitAnswered(desk, 2);
    await phone.getByRole("button", { name: "Previous version" }).last().click();
    await desk.getByText("Kept and answered.", { exact: true }).waitFor();
    for (const page of [desk, phone]) await waitAnswered(page, 2);
    expect((await shown(desk)).map(({ text }) => text)).toEqual((await shown(phone)).map(({ text }) => text));
  },
);
