import type { FaultChat, PlannedTurn } from "./fault-chat.ts";
import { holdChat, killRun } from "./kills.ts";

/** Lets the model go on, and kills the run between the turn-complete record and the save. */
export async function killBeforeSave(chat: FaultChat, turn: PlannedTurn): Promise<void> {
  const held = await holdChat(chat.app, chat.chatId);
  turn.model.release();
  await held.met();
  await chat.tab.untilText(turn.answer);
  await killRun(chat.app, chat.chatId);
  await held.cutWaiters();
  await held.release();
}
