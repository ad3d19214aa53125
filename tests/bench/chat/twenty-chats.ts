import { setTimeout as sleep } from "node:timers/promises";
import { HttpUser } from "../../support/http-user.ts";
import type { Bench } from "../bench.ts";
import type { Figure, Result } from "../figure.ts";
import { median } from "../statistics.ts";
import { LineClient, now } from "./line-client.ts";
import { lineTurn } from "./line-turn.ts";
import { spareReady } from "./run-processes.ts";

const CHATS = 20;
const ANSWERED_WITHIN_MS = 90_000;
const TRIES = 5;

/** How far each came from the place in the queue that its send had, in places. */
function displacements(sent: number[], answered: number[]): number[] {
  const rank = (times: number[]): number[] => {
    const order = times.map((_, index) => index).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
    return times.map((_, index) => order.indexOf(index));
  };
  const [before, after] = [rank(sent), rank(answered)];
  return before.map((place, index) => Math.abs(place - (after[index] ?? 0)));
}

/** A page whose chat could not be started says so, and its person tries again. */
async function patientChat(user: HttpUser): Promise<{ chatId: string; token: string }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await user.newChat();
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(500);
    }
  }
}

async function run(bench: Bench): Promise<Result[]> {
  const chat = await bench.chat();
  const user = await new HttpUser(chat.app).signUp();
  await spareReady(chat.app);
  const begun = now();
  const sent: number[] = [];
  const first: number[] = [];
  const start = async (index: number): Promise<void> => {
    const { chatId, token } = await patientChat(user);
    const client = await new LineClient(chat.app, chatId, token).open();
    try {
      sent[index] = now();
      first[index] = begun + (await lineTurn(chat, client, begun)).total;
    } finally {
      client.close();
    }
  };
  const all = Promise.all(Array.from({ length: CHATS }, (_, index) => start(index)));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = () => `${Object.keys(first).length} of ${CHATS} chats were answered in time`;
    timer = setTimeout(() => reject(new Error(text())), ANSWERED_WITHIN_MS);
  });
  await Promise.race([all, late]).finally(() => clearTimeout(timer));
  const places = displacements(sent, first);
  const waits = first.map((at, index) => at - (sent[index] ?? 0));
  return [
    {
      what: `${CHATS} chats started at once: places between the order of sends and that of first texts, mean`,
      value: places.reduce((sum, place) => sum + place, 0) / CHATS,
      unit: "",
      aim: { at: "most", value: 2 },
      against: `a perfect queue: 0; by chance: ${((CHATS * CHATS - 1) / 3 / CHATS).toFixed(1)}`,
      samples: CHATS,
      details: {
        answered: waits.length,
        "farthest place": Math.max(...places),
        "first text after ms, quickest": Math.min(...waits),
        median: median(waits),
        slowest: Math.max(...waits),
      },
      limit: "the boot of a run process, as many at a time as there are cores",
    },
  ];
}

export const twentyChats: Figure<Bench> = {
  name: "twenty-chats",
  group: "chat",
  title: "Twenty new chats at once",
  run,
};
