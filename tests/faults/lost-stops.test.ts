import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { rounds } from "./harness/dice.ts";
import { endOf, lastEnd } from "./harness/ends.ts";
import { gather } from "./harness/evidence.ts";
import type { FaultChat, PlannedTurn } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { killRun } from "./harness/kills.ts";
import { untilHit } from "./harness/until-hit.ts";

const { row } = faults();

/** An answer that stands still after `said` words, of which the tab shows all. */
async function begin(fault: Fault, chat: FaultChat): Promise<{ turn: PlannedTurn; shown: string }> {
  const said = fault.dice.int(1, 39);
  const turn = await chat.send({ words: 40, holdAt: said, ends: "partial" });
  await turn.model.held();
  const shown = turn.answer.slice(0, 8 * said);
  await chat.tab.untilText(shown);
  return { turn, shown };
}

/** The same, and the worker is down in the middle of it until `back` is called. */
async function beginAndLose(fault: Fault, chat: FaultChat) {
  const begun = await begin(fault, chat);
  const back = fault.app.keepDown("worker");
  await eventually(() => begun.turn.model.asked[0]?.state === "cut", {
    what: () => "the kill missed the open turn",
  });
  return { begun, back };
}

const stops = async (chat: FaultChat): Promise<number> => {
  const { input } = await gather(chat.app, chat.model, chat.tab);
  return input.filter(({ data }) => (data as { kind?: string }).kind === "stop").length;
};

async function stop(chat: FaultChat): Promise<void> {
  const before = await stops(chat);
  await chat.tab.chat.requestStop();
  expect(await stops(chat), "the stop is in `.in`").toBe(before + 1);
}

/** All that the page had shown stays, as stopped, and the model was not asked again: also for a page that comes anew. */
async function isStopped(chat: FaultChat, { turn, shown }: { turn: PlannedTurn; shown: string }) {
  await chat.settle(60_000);
  expect(await endOf(chat, turn)).toBe("stopped");
  const { rows } = await gather(chat.app, chat.model, chat.tab);
  expect(rows[rows.findIndex(({ text }) => text === turn.user) + 1]).toMatchObject({
    text: shown,
    final: false,
  });
  await chat.reload();
  await chat.settle();
}

/** A page up to the end of its header: what follows may be written for as long as the answer is. */
async function headOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.includes("</header>")) break;
  }
  return text;
}

for (const [what, between] of Object.entries({
  "": () => Promise.resolve(),
  ", from a page that was reloaded meanwhile": (chat: FaultChat) => chat.reload(),
})) {
  row(
    `F17: stop while the worker is down${what}: the answer stays as far as it had got, and is not given anew`,
    async (fault) => {
      const chat = await fault.chat();
      for (let round = 0; round < rounds(1); round += 1) {
        const { begun, back } = await beginAndLose(fault, chat);
        await between(chat);
        await stop(chat);
        fault.fired();
        back();
        await isStopped(chat, begun);
      }
      await chat.send({ words: 4 });
      await chat.settle();
    },
  );
}

row(
  "F17: stop while the worker is down, the page reloaded after it: it says so, and waits no longer than it would have",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const { begun, back } = await beginAndLose(fault, chat);
      await stop(chat);
      fault.fired();
      for (const page of [`/chats/${chat.chatId}`, `/chats/${chat.chatId}/live`])
        expect(await headOf(await chat.user.get(page)), page).toContain("Stopping");
      await chat.reload();
      expect(chat.tab.chat.facts.get().stopping).toBe(true);
      await chat.tab.until("ready", 20_000);
      await chat.tab.untilText(begun.shown);
      back();
      await isStopped(chat, begun);
    }
    await chat.send({ words: 4 });
    await chat.settle();
  },
);

row(
  "F17: stop while the worker is down, before the first word: the message stays, and is not answered",
  async (fault) => {
    const chat = await fault.chat();
    await chat.send({ words: 3 });
    await chat.settle();
    for (let round = 0; round < rounds(1); round += 1) {
      const back = fault.app.keepDown("worker");
      const turn = await chat.send({ words: 5, ends: "unanswered", from: 0, asked: 0 });
      await stop(chat);
      fault.fired();
      const before = await lastEnd(chat);
      back();
      await eventually(async () => (await lastEnd(chat)) > before, {
        what: () => "the turn is not ended",
        ms: 60_000,
      });
      await chat.settle();
      expect(turn.model.asked).toEqual([]);
      await chat.send({ words: 4 });
      await chat.settle();
    }
  },
);

row(
  "F17: stop while the worker is down: what waits behind it is answered, sent before it or after",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const begun = await begin(fault, chat);
      const back = fault.app.keepDown("worker");
      await chat.send({ words: 5 });
      await stop(chat);
      await chat.send({ words: 6 });
      fault.fired();
      back();
      await isStopped(chat, begun);
    }
  },
);

row("F17: kill -9 of the run right after a stop was acknowledged: it holds", async (fault) => {
  const chat = await fault.chat();
  for (let round = 0; round < rounds(3); round += 1) {
    await untilHit(async () => {
      const begun = await begin(fault, chat);
      const before = await lastEnd(chat);
      await chat.tab.chat.requestStop();
      await killRun(fault.app, chat.chatId);
      const hit = (await lastEnd(chat)) === before;
      if (hit) fault.fired();
      await isStopped(chat, begun);
      return hit;
    });
  }
  await chat.send({ words: 4 });
  await chat.settle();
});
