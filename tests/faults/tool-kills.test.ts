import { readFileSync } from "node:fs";
import { afterAll, expect } from "vitest";
import { waitingCalls } from "#app/shared/tool-answers.ts";
import { INTERRUPTED } from "#trigger/open-calls.ts";
import { eventually } from "../support/eventually.ts";
import { deployChanged } from "./harness/changed-app.ts";
import { rounds } from "./harness/dice.ts";
import { endsWithFinish } from "./harness/ends.ts";
import type { FaultChat, PlannedTurn } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { killRun, loseWorker } from "./harness/kills.ts";
import { Shop } from "./harness/shop.ts";
import { untilHit } from "./harness/until-hit.ts";

const shop = await Shop.open();
const tools = `
import { tool } from "ai";
import { z } from "zod";
import { chatTools as shipped } from "#trigger/tools/shipped.ts";
export { retoldTools } from "#trigger/tools/shipped.ts";
const ask = (order: string) => fetch("${shop.url}/" + order).then((response) => response.text());
const inputSchema = z.object({ order: z.string() });
export function chatTools(scope: Parameters<typeof shipped>[0]) {
  return {
    ...shipped(scope),
    orderTea: { sideEffect: true, ...tool({ description: "Order tea.", inputSchema, execute: ({ order }) => ask(order) }) },
    orderCake: { sideEffect: true, ...tool({ description: "Order a cake.", inputSchema, needsApproval: true, execute: ({ order }) => ask(order) }) },
    readMenu: { sideEffect: false, ...tool({ description: "Read the menu.", inputSchema, execute: ({ order }) => ask(order) }) },
  };
}
`;
const changes = {
  "tools/shipped.ts": readFileSync("trigger/tools/index.ts", "utf8"),
  "tools/index.ts": tools,
};
let deployed: Promise<() => void> | undefined;
afterAll(async () => {
  shop.stop();
  (await deployed)?.();
});
const { row: plainRow } = faults();

const row = (name: string, steps: (fault: Fault) => Promise<void>) =>
  plainRow(name, async (fault) => {
    await (deployed ??= deployChanged(fault.app, changes));
    await steps(fault);
  });

/** The tool parts of the stored answers, in order. */
async function toolParts(chat: FaultChat): Promise<{ type: string; state: string; errorText?: string }[]> {
  const rows = await chat.app.query<{ message: { parts: { type: string; state: string }[] } }>(
    `SELECT message FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
    [chat.chatId],
  );
  return rows.flatMap(({ message }) => message.parts.filter(({ type }) => type.startsWith("tool-")));
}

async function killInTool(chat: FaultChat, order: string): Promise<void> {
  await eventually(() => shop.count(order) === 1, {
    what: () => `${order} is not called\n${chat.app.logs()}`,
    ms: 20_000,
  });
  await killRun(chat.app, chat.chatId);
  shop.serve();
}

row(
  "F6: kill -9 inside a tool that acts: it is not run again, the person sees that it was interrupted, and the model is told",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(2); round += 1) {
      const order = `tea-${chat.chatId}-${round}`;
      shop.close();
      const tool = { name: "orderTea", input: { order } };
      const turn = await chat.send({ words: 6, asked: 2, from: 2, script: () => ({ tool }) });
      await killInTool(chat, order);
      fault.fired();
      await chat.settle();
      expect(shop.count(order), "how often tea was ordered").toBe(1);
      expect((await toolParts(chat)).at(-1)).toMatchObject({ state: "output-error", errorText: INTERRUPTED });
      expect(JSON.stringify(turn.model.asked.at(-1)?.request.messages)).toContain(INTERRUPTED);
      // The next turn reads it in the history.
      const next = await chat.send({ words: 3 });
      await chat.settle();
      expect(JSON.stringify(next.model.asked[0]?.request.messages)).toContain(INTERRUPTED);
    }
  },
);

row(
  "F6: kill -9 after a tool that acts had answered: it is not run again, and its result is told",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const order = `done-${chat.chatId}-${round}`;
      const tool = { name: "orderTea", input: { order } };
      const at = fault.dice.int(1, 19);
      const script = (attempt: number) => ({ tool, ...(attempt === 2 ? { holdAfter: at } : {}) });
      const turn = await chat.send({ words: 20, asked: 3, from: 3, script });
      await turn.model.held();
      await chat.tab.untilText(turn.answer.slice(0, 8));
      await killRun(fault.app, chat.chatId);
      fault.fired();
      await chat.settle();
      expect(shop.count(order)).toBe(1);
      expect((await toolParts(chat)).at(-1)).toMatchObject({ state: "output-available", output: "served" });
    }
  },
);

row("F6: a model that repeats the interrupted call is refused, and can say so", async (fault) => {
  for (let round = 0; round < rounds(1); round += 1) {
    const chat = await fault.chat();
    const order = `again-${chat.chatId}`;
    shop.close();
    const tool = { name: "orderTea", input: { order } };
    // Told of the interrupted call, this model makes it once more all the same.
    const turn = await chat.send({
      words: 6,
      asked: 3,
      from: 3,
      script: (attempt) => ({ tool, ...(attempt === 2 ? { repeatTool: true } : {}) }),
    });
    await killInTool(chat, order);
    fault.fired();
    await chat.settle();
    expect(turn.model.asked).toHaveLength(3);
    expect(shop.count(order)).toBe(1);
    expect((await toolParts(chat)).map(({ state }) => state)).toEqual(["output-error", "output-error"]);
  }
});

row(
  "F6: with a second message waiting, the interrupted call stays in the partial, and is not run again",
  async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      const chat = await fault.chat();
      const order = `two-${chat.chatId}`;
      shop.close();
      const tool = { name: "orderTea", input: { order } };
      await chat.send({ words: 6, ends: "stopped", asked: 2, script: () => ({ tool }) });
      await eventually(() => shop.count(order) === 1, { what: () => "it is not called", ms: 20_000 });
      const second = await chat.send({ words: 6 });
      await killInTool(chat, order);
      fault.fired();
      await chat.settle();
      expect(shop.count(order)).toBe(1);
      expect(await toolParts(chat)).toMatchObject([{ state: "output-error", errorText: INTERRUPTED }]);
      expect(JSON.stringify(second.model.asked[0]?.request.messages)).toContain(INTERRUPTED);
    }
  },
);

row("F6: kill -9 inside a tool that only reads: it is run again, and the answer is whole", async (fault) => {
  const chat = await fault.chat();
  for (let round = 0; round < rounds(1); round += 1) {
    const order = `menu-${chat.chatId}-${round}`;
    shop.close();
    const tool = { name: "readMenu", input: { order } };
    await chat.send({ words: 6, asked: 3, from: 3, script: () => ({ tool }) });
    await killInTool(chat, order);
    fault.fired();
    await chat.settle();
    expect(shop.count(order)).toBe(2);
    expect((await toolParts(chat)).at(-1)).toMatchObject({ state: "output-available", output: "served" });
  }
});

/** Lets the model ask for a cake, and approves it. */
async function approveCake(chat: FaultChat, order: string): Promise<PlannedTurn> {
  const tool = { name: "orderCake", input: { order } };
  const turn = await chat.send({ words: 6, ends: "stopped", asked: 2, from: 2, script: () => ({ tool }) });
  const waiting = await eventually(
    () => chat.tab.chat.messages.flatMap((message) => waitingCalls(message)).at(-1),
    { what: () => `nobody is asked\n${chat.app.logs()}`, ms: 30_000 },
  );
  await chat.tab.until("ready");
  await chat.tab.chat.decide(waiting.toolCallId, { approved: true });
  return turn;
}

row(
  "F6: kill -9 inside a tool that its person had approved: it is not run again, and shown as interrupted",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const order = `cake-${chat.chatId}-${round}`;
      shop.close();
      const turn = await approveCake(chat, order);
      await killInTool(chat, order);
      fault.fired();
      await chat.tab.untilText(turn.answer);
      await chat.settle();
      expect(shop.count(order), "how often the cake was ordered").toBe(1);
      expect((await toolParts(chat)).at(-1)).toMatchObject({ state: "output-error", errorText: INTERRUPTED });
      expect(JSON.stringify(turn.model.asked.at(-1)?.request.messages)).toContain(INTERRUPTED);
      const [answer] = await chat.app.query<{ final: boolean; recovered: boolean | null }>(
        `SELECT final, (message #> '{metadata,recovered}')::bool AS recovered FROM "Message"
          WHERE "chatId" = $1 ORDER BY position DESC LIMIT 1`,
        [chat.chatId],
      );
      expect(answer).toEqual({ final: true, recovered: true });
    }
  },
);

row(
  "F17: stop while the worker is down, inside a tool that its person had approved: it is not run again, and has ended",
  async (fault) => {
    for (let round = 0; round < rounds(1); round += 1) {
      const chat = await fault.chat();
      const order = `stopped-${chat.chatId}`;
      shop.close();
      const turn = await approveCake(chat, order);
      await eventually(() => shop.count(order) === 1, { what: () => "it is not called", ms: 30_000 });
      // A run that still lived for a moment would be served.
      const back = await loseWorker(fault.app);
      await chat.tab.chat.requestStop();
      fault.fired();
      back();
      shop.serve();
      await eventually(async () => (await toolParts(chat)).at(-1)?.state === "output-error", {
        what: () => `the call has not ended\n${chat.app.logs()}`,
        ms: 60_000,
      });
      turn.ends = "partial";
      turn.asked = { from: 1, to: 1 };
      await chat.settle();
      expect(shop.count(order)).toBe(1);
      expect((await toolParts(chat)).at(-1)).toMatchObject({ errorText: INTERRUPTED });
      await chat.send({ words: 3 });
      await chat.settle();
    }
  },
);

row(
  "F6: kill -9 at the last word of an answer that an approval let go on: it stays whole, and the tool has run once",
  async (fault) => {
    const chat = await fault.chat();
    let tries = 0;
    for (let round = 0; round < rounds(1); round += 1) {
      await untilHit(async () => {
        const order = `pie-${chat.chatId}-${(tries += 1)}`;
        shop.serve();
        const turn = await approveCake(chat, order);
        await chat.tab.untilText(turn.answer);
        await killRun(fault.app, chat.chatId);
        const hit = await endsWithFinish(chat);
        await chat.tab.until("ready");
        if (hit) turn.ends = "whole";
        else turn.asked = { from: 2, to: 3 };
        await chat.send({ words: 3 });
        await chat.settle();
        await chat.reload();
        await chat.settle();
        expect(shop.count(order)).toBe(1);
        expect((await toolParts(chat)).at(-1)).toMatchObject({ state: "output-available", output: "served" });
        if (hit) fault.fired();
        return hit;
      });
    }
  },
);
