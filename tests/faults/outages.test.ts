import { setTimeout as sleep } from "node:timers/promises";
import { rounds } from "./harness/dice.ts";
import { faults, type Fault } from "./harness/faults.ts";

const { row } = faults();
/** The long suite waits as long as is promised, once; the other times are drawn. */
const AWAY_S = rounds(1) >= 10 ? 60 : 20;
const UP_TO = rounds(1) === 1 ? `${AWAY_S} s` : `up to ${AWAY_S} s`;

/** Kills the Trigger API and brings it back after its time; `down` is told as soon as it is away. */
async function away(fault: Fault, round: number, down: () => void = () => undefined): Promise<void> {
  const seconds = round === 0 ? AWAY_S : fault.dice.int(1, 20);
  const letStart = fault.app.keepDown("local-trigger");
  fault.fired();
  down();
  await sleep(seconds * 1000);
  letStart();
  await fault.app.healthy();
}

row(
  `the Trigger API is killed and away for ${UP_TO} in mid-answer: the answer goes on, whole, and the model is asked once`,
  async (fault) => {
    const chat = await fault.chat();
    // An acknowledgement that was lost with the server makes its writer repeat: readers drop it.
    chat.options = { repeats: true };
    for (let round = 0; round < rounds(1); round += 1) {
      const turn = await chat.send({ words: 40, pace: 50, holdAt: fault.dice.int(1, 20) });
      await turn.model.held();
      // The run writes into the void, and comes to the end of its turn.
      await away(fault, round, () => turn.model.release());
      await chat.settle(60_000);
      await chat.send({ words: 5 });
      await chat.settle();
    }
  },
);

row(
  `the Trigger API is away for ${UP_TO}, and the model still answers when it is back: whole, asked once`,
  async (fault) => {
    const chat = await fault.chat();
    chat.options = { repeats: true };
    for (let round = 0; round < rounds(1); round += 1) {
      await chat.send({ words: 3 });
      await chat.settle();
      const turn = await chat.send({ words: 40, pace: 5, holdAt: fault.dice.int(1, 39) });
      await turn.model.held();
      await away(fault, round);
      turn.model.release();
      await chat.settle(60_000);
    }
  },
);

row(
  `a chat that waits while the Trigger API is away for ${UP_TO} answers its next message`,
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      await chat.send({ words: 3 });
      await chat.settle();
      await away(fault, round);
      await chat.send({ words: 4 });
      await chat.settle();
    }
  },
);
