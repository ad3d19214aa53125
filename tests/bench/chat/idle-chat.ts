import { eventually } from "../../support/eventually.ts";
import { HttpUser } from "../../support/http-user.ts";
import type { Bench } from "../bench.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median } from "../statistics.ts";
import { LineClient } from "./line-client.ts";
import { lineTurn, overModel } from "./line-turn.ts";
import { spareReady } from "./run-processes.ts";

const CHATS = 4;
/** 30 s in its process and 60 s at the waitpoint, and time for the process to end. */
const IDLE_OVER_MS = 110_000;

interface IdleChat {
  chatId: string;
  token: string;
  runs: string[];
}
let idle: IdleChat[] = [];
let since = 0;

const runOf = async (bench: Bench, chatId: string): Promise<string> => {
  const { app } = await bench.chat();
  const [row] = await app.query<{ runId: string }>(`SELECT "runId" FROM "ChatSession" WHERE id = $1`, [
    chatId,
  ]);
  return row?.runId ?? "";
};

async function turn(bench: Bench, { chatId, token }: Omit<IdleChat, "runs">) {
  const chat = await bench.chat();
  const client = await new LineClient(chat.app, chatId, token).open();
  try {
    return await lineTurn(chat, client);
  } finally {
    client.close();
  }
}

/** Chats with one turn each, which are idle from now on. */
async function begin(bench: Bench): Promise<void> {
  const user = await new HttpUser((await bench.chat()).app).signUp();
  idle = [];
  for (let count = 0; count < CHATS; count += 1) {
    const made = await user.newChat();
    await turn(bench, made);
    idle.push({ ...made, runs: [await runOf(bench, made.chatId)] });
  }
  since = performance.now();
}

async function run(bench: Bench): Promise<Result[]> {
  const { app } = await bench.chat();
  const held = (): number => idle.filter(({ runs }) => runs.some((id) => app.runPids().has(id))).length;
  const atFirst = held();
  const left = Math.max(1, IDLE_OVER_MS - (performance.now() - since));
  await eventually(() => held() === 0, {
    what: () => `${held()} idle chats still hold a process`,
    ms: left,
    everyMs: 500,
  });
  const over: number[] = [];
  for (const chat of idle) {
    await spareReady(app);
    over.push(overModel(await turn(bench, chat)));
    if ((await runOf(bench, chat.chatId)) === chat.runs[0])
      throw new Error("the idle chat's run had not ended");
  }
  return [
    {
      what: `processes that ${CHATS} idle chats hold once their idle time is over`,
      value: held(),
      unit: "",
      aim: { at: "most", value: 0 },
      against: `one each before that (${atFirst} when this figure began)`,
      samples: CHATS,
      limit: "nothing: the run ends with its idle time",
    },
    {
      what: "an idle chat's next message, send to first text, over the model's own time",
      value: median(over),
      unit: "ms",
      aim: { at: "most", value: 600 },
      against: "the model's own time from its request to its first piece, in the same turn",
      samples: over.length,
      spread: spreadOf(over),
      limit: "the continuation's start in a spare: history, stream tail, first hooks",
    },
  ];
}

export const idleChat: Figure<Bench> = {
  name: "idle-chat",
  group: "chat",
  title: "A chat whose idle time is over",
  begin,
  run,
};
