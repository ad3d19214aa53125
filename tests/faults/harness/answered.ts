import { expect } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { gather } from "./evidence.ts";
import type { FaultChat, PlannedTurn } from "./fault-chat.ts";

/** One record, one turn, one answer on the page and after a reload; `asked`: so many answers on all branches. */
export async function isAnsweredOnce(chat: FaultChat, turn: PlannedTurn, asked = 1): Promise<void> {
  await eventually(() => turn.model.asked.length >= asked, {
    what: () => `the model is not asked for ${turn.user}\n${chat.app.logs()}`,
    ms: 30_000,
  });
  const isAnswer = ({ text }: { text: string }) => text === turn.answer;
  const stored = async () => (await gather(chat.app, chat.model, chat.tab)).rows.filter(isAnswer).length;
  await eventually(async () => (await stored()) >= asked, {
    what: () => `the answer to ${turn.user} is not stored\n${chat.app.logs()}`,
    ms: 30_000,
  });
  await chat.tab.untilText(turn.answer);
  await chat.tab.until("ready");
  expect(turn.model.asked.length, `how often the model was asked for ${turn.user}`).toBe(asked);
  await chat.reload();
  await chat.tab.until("ready");
  expect(chat.tab.text.split(turn.user).length - 1, "in the page").toBe(1);
  expect(chat.tab.text.split(turn.answer).length - 1, "answers in the page").toBe(1);
  const { rows } = await gather(chat.app, chat.model, chat.tab);
  const branches = rows.filter(isAnswer);
  expect(rows.filter(({ text }) => text === turn.user).length, "rows of the message").toBe(1);
  expect(branches.map(({ final }) => final)).toEqual(Array.from({ length: asked }, () => true));
}
