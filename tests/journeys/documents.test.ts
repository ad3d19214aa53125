import { expect } from "vitest";
import { fitsSideways } from "../support/conditions.ts";
import { openSecondPage } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { opener, panel, untilWritten, write, written } from "../support/documents.ts";
import { killRuns } from "../support/fault-steps.ts";
import { journeys } from "../support/journey.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { chatIdOf, hydrated, send, waitAnswered } from "../support/page.ts";

const { journey } = journeys();
const PHONE = { width: 390, height: 844 };

journey(
  "a document streams into the panel, through a reload and in a second tab; its versions show what changed",
  async ({ app, model, signedUp }) => {
    const tab = await signedUp();
    const { page } = tab;
    const first = question("Write me a poem");
    const text = numberedWords(120, "line");
    const prepared = model.answer(first.key, {
      tool: write({ title: "A poem", kind: "markdown", text }),
      toolPieceSize: 12,
      holdToolAfter: 40,
      text: "There it is.",
    });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    await untilWritten(page, (shown) => shown.length > 300 && text.startsWith(shown.trim()));
    await expect.poll(() => page.url()).toContain("call=");

    await page.reload();
    await untilWritten(page, (shown) => shown.length > 300 && text.startsWith(shown.trim()));
    const second = await openSecondPage(tab, `/chats/${chatId}`);
    await opener(second).click();
    await untilWritten(second, (shown) => shown.length > 300 && text.startsWith(shown.trim()));
    await hydrated(page);

    prepared.release();
    for (const shownOn of [page, second]) {
      await untilWritten(shownOn, (shown) => shown.trim() === text);
      await waitAnswered(shownOn, 1);
      await expect.poll(() => shownOn.url()).toContain("document=1");
    }

    const more = question("Change a line");
    model.answer(more.key, {
      tool: {
        name: "editDocument",
        input: { documentId: "1", edits: [{ find: "line7 ", replace: "LINE " }] },
      },
      text: "Changed.",
    });
    await send(page, more.text);
    await waitAnswered(page, 2);
    const changed = text.replace("line7 ", "LINE ");
    for (const shownOn of [page, second]) {
      await untilWritten(shownOn, (shown) => shown.trim() === changed);
      await panel(shownOn).getByText("Version 2 of 2").waitFor();
    }
    const asked = model.askedFor(more.key).map(({ request }) => JSON.stringify(request.messages));
    expect(asked[0]).toContain("A poem");

    await page.getByRole("link", { name: "Changes" }).click();
    expect(await panel(page).locator("del").textContent()).toBe(text);
    expect(await panel(page).locator("ins").textContent()).toBe(changed);
    await page.getByRole("link", { name: "Older version" }).click();
    await panel(page).getByText("Version 1 of 2").waitFor();
    await page.getByRole("link", { name: "Preview" }).click();
    await untilWritten(page, (shown) => shown.trim() === text);
    expect(page.url()).toContain("version=1");
    await page.reload();
    await untilWritten(page, (shown) => shown.trim() === text);
    await hydrated(page);
    await page.getByRole("link", { name: "Newer version" }).focus();
    await page.keyboard.press("ArrowRight");
    await untilWritten(page, (shown) => shown.trim() === changed);
    expect(await app.query(`SELECT 1 FROM "DocumentVersion" WHERE "chatId" = $1`, [chatId])).toHaveLength(2);

    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download the document" }).click();
    expect((await download).suggestedFilename()).toBe("A-poem.md");
  },
);

journey(
  "by hand: a version of the person's own, without scripts too; the model is told of it and reads it",
  async ({ model, signedUp, open }) => {
    const tab = await signedUp();
    const { page } = tab;
    const first = question("A list");
    model.answer(first.key, {
      tool: write({ title: "List", kind: "markdown", text: "- milk\n- bread" }),
      text: "Done.",
    });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const second = await openSecondPage(tab, `/chats/${chatId}?document=1`);
    await hydrated(second);
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByRole("textbox", { name: "Text", exact: true }).fill("- milk\n- tea");
    await page.reload();
    await hydrated(page);
    // Kept over the reload.
    await expect
      .poll(() => page.getByRole("textbox", { name: "Text", exact: true }).inputValue())
      .toBe("- milk\n- tea");
    await page.getByRole("button", { name: "Save as version 2" }).click();
    for (const shownOn of [page, second]) await untilWritten(shownOn, (shown) => /milk\s*tea/.test(shown));
    await panel(page).getByText("by you").waitFor();

    const plain = await open({ scripts: false });
    await plain.context.addCookies(await tab.context.cookies());
    await plain.page.goto(`/chats/${chatId}?document=1&version=1`);
    expect(await written(plain.page).textContent()).toMatch(/milk\s*bread/);
    await plain.page.getByRole("link", { name: "Newer version" }).click();
    expect(await written(plain.page).textContent()).toMatch(/milk\s*tea/);
    await plain.page.getByRole("link", { name: "Changes" }).click();
    expect(await panel(plain.page).locator("ins").textContent()).toBe("- tea");
    await plain.page.getByRole("link", { name: "Edit", exact: true }).click();
    await plain.page.getByRole("textbox", { name: "Text", exact: true }).fill("- milk\n- tea\n- jam");
    await plain.page.getByRole("button", { name: "Save as version 3" }).click();
    expect(await written(plain.page).textContent()).toMatch(/milk\s*tea\s*jam/);
    await plain.page.getByRole("link", { name: "Close the document" }).click();
    expect(await panel(plain.page).count()).toBe(0);

    const next = question("Go on");
    model.answer(next.key, { tool: { name: "readDocument", input: { documentId: "1" } }, text: "I see." });
    await send(page, next.text);
    await waitAnswered(page, 2);
    const told = model.askedFor(next.key).map(({ request }) => JSON.stringify(request.messages));
    expect(told[0]).toContain("version 3, written by the person");
    expect(told[1]).toContain("- milk\\\\n- tea\\\\n- jam");
  },
);

journey(
  "a draft that was begun before the newest version is told as one, saved only knowingly, or discarded",
  async ({ app, model, signedUp, expectedProblems }) => {
    expectedProblems.push(/status of 409/);
    const { page } = await signedUp();
    const first = question("A list");
    model.answer(first.key, {
      tool: write({ title: "List", kind: "markdown", text: "- milk" }),
      text: "Done.",
    });
    await send(page, first.text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const box = page.getByRole("textbox", { name: "Text", exact: true });
    const title = page.getByRole("textbox", { name: "Title", exact: true });
    const edit = () => page.getByRole("link", { name: "Edit", exact: true }).click();
    const preview = () => page.getByRole("link", { name: "Preview" }).click();
    const begun = page.getByText("Your text begins from version 1. The newest is version 2.");
    await edit();
    await box.fill("- milk\n- my tea");
    await title.fill("My list");
    await preview();

    const more = question("Add bread");
    model.answer(more.key, {
      tool: {
        name: "editDocument",
        input: { documentId: "1", edits: [{ find: "- milk", replace: "- milk\n- bread" }] },
      },
      text: "Added.",
    });
    await send(page, more.text);
    await waitAnswered(page, 2);
    await untilWritten(page, (shown) => /milk\s*bread/.test(shown));
    const versions = () =>
      app.query<{ title: string; text: string }>(
        `SELECT "title", "text" FROM "DocumentVersion" WHERE "chatId" = $1 ORDER BY "number"`,
        [chatId],
      );
    for (const again of ["back in the editor", "after a reload"]) {
      if (again === "after a reload") await page.reload();
      else await edit();
      await begun.waitFor();
      await expect.poll(() => box.inputValue(), { message: again }).toBe("- milk\n- my tea");
      expect(await title.inputValue(), again).toBe("My list");
    }
    await hydrated(page);
    await page.getByRole("button", { name: "Save as version 3" }).click();
    await page.getByText("This document was changed in the meantime.").waitFor();
    expect(await versions(), "the model's changes stay the newest").toHaveLength(2);
    await page.getByRole("link", { name: "See version 2" }).click();
    await untilWritten(page, (shown) => /milk\s*bread/.test(shown));
    await edit();
    expect(await box.inputValue()).toBe("- milk\n- my tea");
    await page.getByRole("button", { name: "Save as version 3" }).click();
    await page.getByText("This document was changed in the meantime.").waitFor();
    await page.getByRole("button", { name: "Save as version 3" }).click();
    await untilWritten(page, (shown) => /milk\s*my tea/.test(shown));
    expect(await versions()).toEqual([
      { title: "List", text: "- milk" },
      { title: "List", text: "- milk\n- bread" },
      { title: "My list", text: "- milk\n- my tea" },
    ]);

    await edit();
    await box.fill("what nobody needs");
    await page.reload();
    await hydrated(page);
    await expect.poll(() => box.inputValue()).toBe("what nobody needs");
    await page.getByText("Discard…").click();
    await page.getByRole("button", { name: "Discard my changes" }).click();
    await untilWritten(page, (shown) => /milk\s*my tea/.test(shown));
    await edit();
    expect(await box.inputValue()).toBe("- milk\n- my tea");
    expect(await page.getByText("Discard…").count()).toBe(0);
    expect(await versions()).toHaveLength(3);
  },
);

journey(
  "kill -9 of the worker in mid-write, and right after: one version, and the answer is whole",
  async ({ app, model, signedUp }) => {
    const { page } = await signedUp();
    const { text, key } = question("Survive");
    const body = numberedWords(80);
    const tool = write({ title: "Survivor", kind: "markdown", text: body });
    const prepared = model.answer(key, (attempt) => ({
      tool,
      toolPieceSize: 10,
      text: "It is written, whole.",
      ...(attempt === 1 ? { holdToolAfter: 20 } : attempt === 3 ? { holdAfter: 2 } : {}),
    }));
    const kill = async (): Promise<void> => {
      const back = app.keepDown("worker");
      await killRuns(app);
      back();
    };
    await send(page, text);
    const chatId = await chatIdOf(page);
    await prepared.held();
    await untilWritten(page, (shown) => shown.length > 60);
    await kill();
    // The second run writes it, and dies with the version made and the answer open.
    await eventually(() => prepared.asked.length >= 3 && (prepared.asked[2]?.sent.length ?? 0) > 0, {
      what: () => `the model was asked ${prepared.asked.length} times\n${app.logs()}`,
      ms: 60_000,
    });
    await kill();
    prepared.release();
    await waitAnswered(page, 1, 60_000);
    const rows = await app.query<{ text: string }>(`SELECT text FROM "DocumentVersion" WHERE "chatId" = $1`, [
      chatId,
    ]);
    expect(rows).toEqual([{ text: body }]);
    expect(
      await page
        .locator("[data-part=tool-writeDocument]")
        .evaluateAll((all) => all.map((one) => one.getAttribute("data-state"))),
    ).toEqual(["output-available"]);
    await untilWritten(page, (shown) => shown.trim() === body);
  },
);

journey(
  "on a phone it takes the place of the chat; Esc and Back return to where it was opened",
  async (journey) => {
    const { page } = await journey.signedUp({ viewport: PHONE });
    const { text, key } = question("Code");
    const code = `const answer = 42; // ${"long ".repeat(60)}\nexport default answer;\n`;
    journey.model.answer(key, {
      tool: write({ title: "answer.ts", kind: "code", language: "typescript", text: code }),
      text: "Here.",
    });
    await send(page, text);
    await waitAnswered(page, 1);
    expect(await panel(page).count(), "it does not open by itself").toBe(0);
    for (const close of ["Escape", "Back"]) {
      await opener(page).focus();
      await page.keyboard.press("Enter");
      await panel(page).locator(".hljs-keyword").first().waitFor();
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H2");
      await fitsSideways(page);
      const box = await panel(page).boundingBox();
      expect(box).toMatchObject({ x: 0, y: 0, width: 390, height: 844 });
      if (close === "Escape") await page.keyboard.press("Escape");
      else await page.getByRole("link", { name: "Back to the chat" }).click();
      await panel(page).waitFor({ state: "detached" });
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Open");
    }
  },
);
