import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { HttpUser } from "../../support/http-user.ts";
import type { Bench } from "../bench.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median } from "../statistics.ts";
import { LineClient } from "./line-client.ts";
import { lineTurn, PACE, type LineTurn } from "./line-turn.ts";
import { PlainClient } from "./plain-client.ts";

const TURNS = Number(process.env["BENCH_TURNS"] ?? 40);
const WARM_UP = 3;
const AIM_MS = 25;

const folder = path.dirname(fileURLToPath(import.meta.url));

async function startPlainRoute(baseUrl: string): Promise<{ process: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [path.join(folder, "chat", "plain-route-process.mjs"), baseUrl], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once("data", (data: Buffer) => resolve(data.toString().trim()));
    child.once("exit", (code) => reject(new Error(`the plain route ended: ${code}`)));
  });
  return { process: child, url: `http://127.0.0.1:${port}/chat` };
}

async function run(bench: Bench): Promise<Result[]> {
  const chat = await bench.chat();
  const plainRoute = await startPlainRoute(chat.model.baseUrl);
  const user = await new HttpUser(chat.app).signUp();
  const { chatId, token } = await user.newChat();
  const client = await new LineClient(chat.app, chatId, token).open();
  const plain = new PlainClient(plainRoute.url);
  const turns: LineTurn[] = [];
  const plainTurns: { asked: number; total: number }[] = [];
  try {
    for (let turn = 0; turn < TURNS + WARM_UP; turn += 1) {
      const baseline = await plain.turn(chat.model, PACE);
      const measured = await lineTurn(chat, client);
      // The turn's own clean-up (hooks, save, trim) is not to be measured as the next turn's start.
      await sleep(150);
      if (turn < WARM_UP) continue;
      plainTurns.push(baseline);
      turns.push(measured);
    }
  } finally {
    client.close();
    plainRoute.process.kill();
  }
  return [result(turns, plainTurns)];
}

/** The way of a warm turn, cut where one process hands over to the next. */
function stages(turns: LineTurn[]): [string, number][] {
  const of = (pick: (turn: LineTurn) => number): number => median(turns.map(pick));
  return [
    ["append: send → acknowledged", of((turn) => turn.ack)],
    ["wake-up: acknowledged → the save begins", of((turn) => turn.saved - turn.ack)],
    ["save, hooks and request: the save begins → model asked", of((turn) => turn.asked - turn.saved)],
    ["model: asked → its first piece", of((turn) => turn.modelFirst - turn.asked)],
    ["flush: first piece → stored in .out", of((turn) => turn.stored - turn.modelFirst)],
    ["relay: stored → at the reader", of((turn) => turn.total - turn.stored)],
  ];
}

function result(turns: LineTurn[], plain: { asked: number; total: number }[]): Result {
  const over = turns.map((turn, index) => turn.total - (plain[index]?.total ?? Number.NaN));
  const parts = stages(turns);
  const plainTotal = median(plain.map(({ total }) => total));
  const [largest] = parts.filter(([name]) => !name.startsWith("model:")).sort((a, b) => b[1] - a[1]);
  return {
    what: "warm turn, send to first text, over the plain route",
    value: median(over),
    unit: "ms",
    aim: { at: "most", value: AIM_MS },
    against: `an express route with streamText and the same paced model, turn about: ${plainTotal.toFixed(1)} ms, so ${(median(turns.map(({ total }) => total)) / plainTotal).toFixed(1)}×`,
    samples: over.length,
    spread: spreadOf(over),
    details: {
      ...Object.fromEntries(parts),
      "plain route: send → model asked": median(plain.map(({ asked }) => asked)),
    },
    limit: `its largest stage, "${largest?.[0]}" with ${largest?.[1].toFixed(1)} ms`,
  };
}

export const warmTurn: Figure<Bench> = {
  name: "warm-turn",
  group: "chat",
  title: "Time to first text in an open chat (stages: median ms)",
  run,
};
