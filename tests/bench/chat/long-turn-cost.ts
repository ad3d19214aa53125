import { HttpUser } from "../../support/http-user.ts";
import type { Bench } from "../bench.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median } from "../statistics.ts";
import type { ChatBench } from "./chat-bench.ts";
import type { LineClient } from "./line-client.ts";
import { openedLong, turnsCost } from "./long-turns.ts";
import { countStatements, type Statements } from "./statements.ts";

const [LONG, SHORT] = [1_000, 10];
const ROUNDS = 5;
/** Turns of one round in each chat. */
const TURNS = 4;

type Open = { client: LineClient; rounds: Statements[] };

const opened = async (...of: Parameters<typeof openedLong>): Promise<Open> => ({
  client: await openedLong(...of),
  rounds: [],
});

async function round(chat: ChatBench, { client, rounds }: Open): Promise<void> {
  rounds.push(await turnsCost(chat, client, TURNS));
}

async function run(bench: Bench): Promise<Result[]> {
  const chat = await bench.chat();
  await countStatements(chat.app);
  const user = await new HttpUser(chat.app).signUp();
  const [long, short] = [await opened(chat, user, LONG), await opened(chat, user, SHORT)];
  try {
    for (const open of [long, short]) await round(chat, open);
    for (const open of [long, short]) open.rounds.length = 0;
    for (let at = 0; at < ROUNDS; at += 1) {
      const order = at % 2 === 0 ? [long, short] : [short, long];
      for (const open of order) await round(chat, open);
    }
  } finally {
    long.client.close();
    short.client.close();
  }
  return [result(long.rounds, short.rounds)];
}

const MEASURES: [keyof Statements, string][] = [
  ["statements", "statements"],
  ["rows", "rows read and written"],
  ["pages", "pages looked at"],
  ["logKb", "kB of log written"],
  ["ms", "ms in the database"],
];

function result(long: Statements[], short: Statements[]): Result {
  const measures = MEASURES.map(([key, name]) => {
    const ratios = long.map((sums, index) => sums[key] / (short[index]?.[key] ?? Number.NaN));
    const each = (rounds: Statements[]) => median(rounds.map((sums) => sums[key])) / TURNS;
    return { name, ratios, ratio: median(ratios), long: each(long), short: each(short) };
  });
  if (measures.some(({ short: value }) => !(value > 0))) throw new Error("a turn cost nothing at all");
  const [worst] = measures.toSorted((a, b) => b.ratio - a.ratio);
  if (!worst) throw new Error("nothing was measured");
  return {
    what: `what a turn costs the database in a chat with ${LONG} messages, by its worst measure`,
    value: worst.ratio,
    unit: "×",
    aim: { at: "most", value: 1.5 },
    against: `a turn in a chat that began with ${SHORT} messages, turn about`,
    samples: ROUNDS * TURNS,
    spread: spreadOf(worst.ratios),
    details: Object.fromEntries(
      measures.flatMap(({ name, long: a, short: b }) => [
        [`${name}, long`, a],
        [`${name}, short`, b],
      ]),
    ),
    limit: `its worst measure, "${worst.name}"; a turn writes and reads its own rows alone`,
  };
}

export const longTurnCost: Figure<Bench> = {
  name: "long-turn-cost",
  group: "chat",
  title: "What one turn costs the database in a long chat",
  run,
};
