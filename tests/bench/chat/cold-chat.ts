import { setTimeout as sleep } from "node:timers/promises";
import { HttpUser } from "../../support/http-user.ts";
import type { Bench } from "../bench.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median, quantile } from "../statistics.ts";
import type { ChatBench } from "./chat-bench.ts";
import { measureHeadStart } from "./head-start.ts";
import { LineClient } from "./line-client.ts";
import { firstTurn, lineTurn, overModel, type LineTurn } from "./line-turn.ts";
import { spareReady } from "./run-processes.ts";

const CHATS = Number(process.env["BENCH_COLD"] ?? 8);
/** As between two people's new chats; a spare that has just started still settles. */
const PAUSE_MS = 500;

/** The run waits for the message; `POST /chats/:id/session` alone has begun it. */
async function preloadedTurn(chat: ChatBench, user: HttpUser): Promise<LineTurn> {
  const { chatId, token } = await user.newChat();
  const client = await new LineClient(chat.app, chatId, token).open();
  try {
    // The next spare boots meanwhile, and must not be measured.
    await spareReady(chat.app);
    await sleep(PAUSE_MS);
    return await lineTurn(chat, client);
  } finally {
    client.close();
  }
}

async function run(bench: Bench): Promise<Result[]> {
  const chat = await bench.chat();
  const user = await new HttpUser(chat.app).signUp();
  const over: number[] = [];
  const preloaded: number[] = [];
  for (let count = 0; count <= CHATS; count += 1) {
    await spareReady(chat.app);
    await sleep(PAUSE_MS);
    const turn = await firstTurn(chat, user);
    // The first one is the web's own warm-up.
    if (count > 0) over.push(overModel(turn));
    const later = await preloadedTurn(chat, user);
    if (count > 0) preloaded.push(overModel(later));
  }
  return [
    {
      what: "new chat with a spare ready, click to first text, over the model's own time",
      value: median(over),
      unit: "ms",
      aim: { at: "most", value: 600 },
      against: "the model's own time from its request to its first piece, in the same turn",
      samples: over.length,
      spread: spreadOf(over),
      details: { "p90 ms": quantile(over, 0.9) },
      limit: "the run's start in its process: history, first hooks, the first connections",
    },
    {
      what: "new chat that was preloaded (its session opened before the click), over the model's own time",
      value: median(preloaded),
      unit: "ms",
      against: "the same, turn about with the chats above",
      samples: preloaded.length,
      spread: spreadOf(preloaded),
      limit: "the first turn of a run; the page preloads nothing (docs/decisions, on the first answer)",
    },
    ...(await measureHeadStart(chat, CHATS, PAUSE_MS)),
  ];
}

export const coldChat: Figure<Bench> = {
  name: "cold-chat",
  group: "chat",
  title: "Time to first text of a new chat: session, run and first turn",
  run,
};
