import { setTimeout as sleep } from "node:timers/promises";
import { rounds } from "./harness/dice.ts";
import { faults } from "./harness/faults.ts";

const { row } = faults();
/** The long suite waits as long as is promised. */
const AWAY_S = rounds(1) >= 10 ? 60 : 20;

row(
  `the Trigger API is killed and away for ${AWAY_S} s in mid-answer: the answer goes on, whole, and the model is asked once`,
  async (fault) => {
    const chat = await fault.chat();
    // An acknowledgement that was lost with the server makes its writer repeat: readers drop it.
    chat.options = { repeats: true };
    const turn = await chat.send({ words: 40, pace: 50, holdAt: fault.dice.int(1, 20) });
    await turn.model.held();
    const letStart = fault.app.keepDown("local-trigger");
    fault.fired();
    // The run writes into the void, and comes to the end of its turn.
    turn.model.release();
    await sleep(AWAY_S * 1000);
    letStart();
    await fault.app.healthy();
    await chat.settle(60_000);
    await chat.send({ words: 5 });
    await chat.settle();
  },
);

row(
  `the Trigger API is away for ${AWAY_S} s, and the model still answers when it is back: whole, asked once`,
  async (fault) => {
    const chat = await fault.chat();
    chat.options = { repeats: true };
    await chat.send({ words: 3 });
    await chat.settle();
    const turn = await chat.send({ words: 40, pace: 5, holdAt: fault.dice.int(1, 39) });
    await turn.model.held();
    const letStart = fault.app.keepDown("local-trigger");
    fault.fired();
    await sleep(AWAY_S * 1000);
    letStart();
    await fault.app.healthy();
    turn.model.release();
    await chat.settle(60_000);
  },
);

row(
  `a chat that waits while the Trigger API is away for ${AWAY_S} s answers its next message`,
  async (fault) => {
    const chat = await fault.chat();
    await chat.send({ words: 3 });
    await chat.settle();
    const letStart = fault.app.keepDown("local-trigger");
    fault.fired();
    await sleep(AWAY_S * 1000);
    letStart();
    await fault.app.healthy();
    await chat.send({ words: 4 });
    await chat.settle();
  },
);
