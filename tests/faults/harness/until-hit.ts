import type { PlannedTurn } from "./fault-chat.ts";

const TRIES = 20;

/** Plays a round until its fault has met the open turn, which the round tells. Throws when it never does. */
export async function untilHit(round: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) if (await round()) return;
  throw new Error(`the fault missed the open turn ${TRIES} times`);
}

/** Whether the model still has something to say in this turn, or has not even been asked. */
export const isOpen = (turn: PlannedTurn): boolean => {
  const [first] = turn.model.asked;
  return first === undefined || first.state === "open";
};
