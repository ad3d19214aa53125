// Time to first token: the whole line against a plain route with `streamText`, the same paced model, in turns.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startApp, type App } from "../support/app.ts";
import { HttpUser } from "../support/http-user.ts";
import { numberedWords, question } from "../support/model-script.ts";
import { startScriptedModel, type ScriptedModel } from "../support/scripted-model.ts";
import { LineClient, now } from "./line-client.ts";
import { PlainClient } from "./plain-client.ts";
import { median, ms, quantile, table } from "./statistics.ts";

const WARM_TURNS = Number(process.env.BENCH_TURNS ?? 40);
const COLD_CHATS = Number(process.env.BENCH_COLD ?? 5);
const AIM_MS = 25;
/** A model that thinks for 20 ms and then writes a piece every 10 ms. */
const PACE = { text: numberedWords(10), pieceSize: 6, pieceMs: 10 };
const WARM_UP = 3;

interface LineTurn {
  ack: number;
  saved: number;
  asked: number;
  modelFirst: number;
  stored: number;
  total: number;
}

const root = path.dirname(fileURLToPath(import.meta.url));
const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

/** One turn through the line; each number is the time since the send. */
async function lineTurn(
  app: App,
  model: ScriptedModel,
  client: LineClient,
  from?: number,
): Promise<LineTurn> {
  const { text, key } = question("Time this");
  const prepared = model.answer(key, PACE);
  const { messageId, sent, acknowledged, first } = await client.turn(text);
  const [row] = await app.query<{ createdAt: string }>(
    `SELECT extract(epoch FROM "createdAt") * 1000 AS "createdAt" FROM "Message" WHERE id = $1`,
    [messageId],
  );
  const asked = prepared.asked[0];
  const start = from ?? sent;
  const at = (own: number | null | undefined): number => performance.timeOrigin + (own ?? Number.NaN) - start;
  return {
    ack: acknowledged - start,
    // The transaction's beginning. The column holds the session's local time without a zone; only its distance within the hour counts.
    saved: withinHour(Number(row?.createdAt) - start),
    asked: at(asked?.at),
    modelFirst: at(asked?.firstTextAt),
    stored: first.stored - start,
    total: first.text - start,
  };
}

const HOUR = 3_600_000;
const withinHour = (time: number): number => ((((time + HOUR / 2) % HOUR) + HOUR) % HOUR) - HOUR / 2;

async function startPlainRoute(baseUrl: string): Promise<{ process: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [path.join(root, "plain-route.mjs"), baseUrl], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const port = await new Promise<string>((resolve) => {
    child.stdout?.once("data", (data: Buffer) => resolve(data.toString().trim()));
  });
  return { process: child, url: `http://127.0.0.1:${port}/chat` };
}

async function warm(app: App, model: ScriptedModel, plain: PlainClient) {
  const user = await new HttpUser(app).signUp();
  const { chatId, token } = await user.newChat();
  const client = await new LineClient(app, chatId, token).open();
  const line: LineTurn[] = [];
  const plainTotals: number[] = [];
  const plainAsked: number[] = [];
  for (let turn = 0; turn < WARM_TURNS + WARM_UP; turn += 1) {
    const baseline = await plain.turn(model, PACE);
    const measured = await lineTurn(app, model, client);
    // The turn's own clean-up (hooks, save, trim) is not to be measured as the next turn's start.
    await sleep(150);
    if (turn < WARM_UP) continue;
    plainTotals.push(baseline.total);
    plainAsked.push(baseline.asked);
    line.push(measured);
  }
  client.close();
  return { line, plainTotals, plainAsked };
}

async function cold(app: App, model: ScriptedModel): Promise<number[]> {
  const user = await new HttpUser(app).signUp();
  const totals: number[] = [];
  for (let chat = 0; chat < COLD_CHATS; chat += 1) {
    await sleep(2500); // time for the spare process to be made ready, as between two people's new chats
    const from = now();
    const { chatId, token } = await user.newChat();
    const client = await new LineClient(app, chatId, token).open();
    totals.push((await lineTurn(app, model, client, from)).total);
    client.close();
  }
  return totals;
}

/** The way of a warm turn, cut where one process hands over to the next. */
function stages(line: LineTurn[]): [string, number][] {
  const of = (pick: (turn: LineTurn) => number): number => median(line.map(pick));
  return [
    ["append: send → acknowledged", of((turn) => turn.ack)],
    ["wake-up: acknowledged → the save begins", of((turn) => turn.saved - turn.ack)],
    ["save, hooks and request: the save begins → model asked", of((turn) => turn.asked - turn.saved)],
    ["model: asked → its first piece", of((turn) => turn.modelFirst - turn.asked)],
    ["flush: first piece → stored in .out", of((turn) => turn.stored - turn.modelFirst)],
    ["relay: stored → at the reader", of((turn) => turn.total - turn.stored)],
  ];
}

function report(result: Awaited<ReturnType<typeof warm>>, coldTotals: number[]): void {
  const { line, plainTotals, plainAsked } = result;
  const totals = line.map((turn) => turn.total);
  const row = (name: string, values: number[]): string[] => [
    name,
    ms(median(values)),
    ms(quantile(values, 0.1)),
    ms(quantile(values, 0.9)),
    String(values.length),
  ];
  console.log(
    `\nTime to first token, ms (the model's own first piece comes ${PACE.pieceMs} ms after it is asked)\n`,
  );
  console.log(
    table([
      ["", "median", "p10", "p90", "n"],
      row("plain route, streamText", plainTotals),
      row("Longrun, warm turn", totals),
      row("Longrun, new chat (session, run, first turn)", coldTotals),
    ]),
  );
  const parts = stages(line);
  console.log("\nStages of a warm turn, median ms\n");
  console.log(
    table([
      ...parts.map(([name, value]) => [name, ms(value)]),
      ["plain route: send → model asked", ms(median(plainAsked))],
    ]),
  );
  const over = median(totals) - median(plainTotals);
  const ours = parts.filter(([name]) => !name.startsWith("model:"));
  const [largest] = ours.sort((a, b) => b[1] - a[1]);
  const verdict =
    over <= AIM_MS
      ? "the aim is met"
      : `the aim is missed by ${ms(over - AIM_MS)} ms; the largest stage is "${largest?.[0]}" with ${ms(largest?.[1] ?? 0)} ms`;
  console.log(`\nOver the plain route: ${ms(over)} ms (aim: at most ${AIM_MS} ms): ${verdict}`);
  mkdirSync("test-results", { recursive: true });
  writeFileSync("test-results/bench.json", JSON.stringify({ over, line, plainTotals, coldTotals }, null, 1));
}

async function main(): Promise<void> {
  const model = await startScriptedModel();
  const app = await startApp({ env: { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl } });
  const plain = await startPlainRoute(model.baseUrl);
  try {
    const result = await warm(app, model, new PlainClient(plain.url));
    report(result, await cold(app, model));
  } catch (error) {
    console.error(app.logs());
    throw error;
  } finally {
    plain.process.kill();
    await app.stop();
    await model.stop();
  }
}

await main();
