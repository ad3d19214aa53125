import { expect } from "vitest";
import { messageError, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { eventually } from "../support/eventually.ts";
import { HttpUser } from "../support/http-user.ts";
import { rounds } from "./harness/dice.ts";
import { gather } from "./harness/evidence.ts";
import { FaultChat, type TurnPlan } from "./harness/fault-chat.ts";
import { faults } from "./harness/faults.ts";
import { killBeforeSave } from "./harness/kill-before-save.ts";
import { killRun } from "./harness/kills.ts";

// One answer a day; each round has a person of its own.
const { row } = faults({ LIMIT_ANSWERS_PER_DAY: "1" });

/** The newest answer is only why there is none. */
async function isTold(chat: FaultChat): Promise<void> {
  await chat.closed();
  const { tab } = chat;
  const said = () => messageError(tab.chat.messages.at(-1) as LongrunUIMessage);
  await eventually(() => said()?.includes("limit of 1 answer in 24 hours"), {
    what: () => `the page does not say why: ${JSON.stringify(tab.chat.messages.at(-1))}`,
  });
}

row(
  "F4: kill -9 with a second message waiting that is refused then: the first keeps its beginning, the page says why",
  async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      const { app, model } = fault;
      const chat = await FaultChat.open(app, model, await new HttpUser(app).signUp());
      const holdAt = fault.dice.int(1, 39);
      const first = await chat.send({ holdAt, ends: "partial" });
      await first.model.held();
      await chat.tab.untilText(first.answer.slice(0, 8 * holdAt));
      const second = await chat.send({ from: 0, asked: 0 });
      await killRun(app, chat.chatId);
      fault.fired();
      for (const reloaded of [false, true]) {
        if (reloaded) await chat.reload();
        await isTold(chat);
      }
      const { rows } = await gather(app, model, chat.tab);
      expect(rows.slice(0, 3).map(({ text, final }) => [text, final])).toEqual([
        [first.user, true],
        [first.answer.slice(0, 8 * holdAt), false],
        [second.user, true],
      ]);
      chat.tab.close();
      first.model.release();
    }
  },
);

/** What a message can meet that starts a new run: how its turn is planned, and what the page has to say. */
const FIRST_TURNS: Record<
  string,
  { plan: TurnPlan; full: boolean; told: (chat: FaultChat) => Promise<void> }
> = {
  "is refused": { plan: { from: 0, asked: 0 }, full: true, told: isTold },
  "meets a model that fails": {
    plan: { script: () => ({ fail: { status: 400, message: "scripted" } }) },
    full: false,
    told: (chat) => chat.closed(),
  },
};

for (const [what, { plan, full, told }] of Object.entries(FIRST_TURNS)) {
  row(
    `F4: a message that starts a new run and ${what} holds nothing up: the next ones are answered, each once`,
    async (fault) => {
      const { app, model } = fault;
      const chat = await FaultChat.open(app, model, await new HttpUser(app).signUp());
      const roomAgain = () =>
        app.query(`UPDATE "Turn" SET at = at - interval '2 days' WHERE "chatId" = $1`, [chat.chatId]);
      const answered = [await chat.send({ words: 4 })];
      await chat.tab.until("ready");
      await killRun(app, chat.chatId);
      fault.fired();
      if (!full) await roomAgain();
      await chat.send(plan);
      await told(chat);
      // In the same run, and in the one that takes over from it.
      for (const kills of [true, false]) {
        await roomAgain();
        const turn = await chat.send({ words: 4 });
        await chat.tab.untilText(turn.answer);
        await chat.tab.until("ready");
        answered.push(turn);
        if (kills) await killRun(app, chat.chatId);
      }
      for (const turn of answered) expect(turn.model.asked).toHaveLength(1);
      chat.tab.close();
    },
  );
}

row(
  "F5: a message that starts a new run and cannot be stored says so; the next run answers it, and nothing before it is lost",
  async (fault) => {
    const { app, model } = fault;
    const chat = await FaultChat.open(app, model, await new HttpUser(app).signUp());
    // Its answer is on the stream alone when the next message comes.
    const first = await chat.send({ words: 4, holdAt: 3 });
    await first.model.held();
    await killBeforeSave(chat, first);
    await app.query(`UPDATE "Turn" SET at = at - interval '2 days' WHERE "chatId" = $1`, [chat.chatId]);
    await app.query(`CREATE FUNCTION refuse_messages() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no message is stored now'; END $$`);
    await app.query(`CREATE TRIGGER refused BEFORE INSERT ON "Message"
      FOR EACH ROW EXECUTE FUNCTION refuse_messages()`);
    const second = await chat.send({ words: 4 });
    await chat.tab.until("error", 60_000);
    expect(chat.tab.chat.error?.message).toContain("could not be stored");
    fault.fired();
    await app.query(`DROP FUNCTION refuse_messages() CASCADE`);
    await chat.tab.untilText(second.answer, 60_000);
    await chat.tab.until("ready");
    await chat.reload();
    await chat.settle();
    for (const turn of [first, second]) expect(turn.model.asked).toHaveLength(1);
    chat.tab.close();
  },
);
