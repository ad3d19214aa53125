import type { App } from "../../support/app.ts";
import { HttpUser } from "../../support/http-user.ts";
import type { Bench } from "../bench.ts";
import type { Figure, Result } from "../figure.ts";
import { median } from "../statistics.ts";
import { LineClient, now } from "./line-client.ts";
import { lineTurn } from "./line-turn.ts";
import { spareReady } from "./run-processes.ts";

const CHATS = 20;
const ANSWERED_WITHIN_MS = 90_000;

/** When each chat's first run was queued. */
async function queuedAt(app: App, chatIds: string[]): Promise<number[]> {
  const rows = await app.query<{ id: string; at: number }>(
    `SELECT s.external_id AS id, extract(epoch FROM min(r.created_at))::float8 AS at
     FROM local_trigger.sessions s JOIN local_trigger.runs r ON r.session_id = s.id
     WHERE s.external_id = ANY ($1) GROUP BY s.external_id`,
    [chatIds],
  );
  const byChat = new Map(rows.map(({ id, at }) => [id, at]));
  return chatIds.map((id) => byChat.get(id) ?? Number.NaN);
}

/** How far each came from its place in the queue, in places. */
function displacements(queued: number[], answered: number[]): number[] {
  const rank = (times: number[]): number[] => {
    const order = times.map((_, index) => index).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
    return times.map((_, index) => order.indexOf(index));
  };
  const [before, after] = [rank(queued), rank(answered)];
  return before.map((place, index) => Math.abs(place - (after[index] ?? 0)));
}

async function run(bench: Bench): Promise<Result[]> {
  const chat = await bench.chat();
  const user = await new HttpUser(chat.app).signUp();
  await spareReady(chat.app);
  const begun = now();
  const chatIds: string[] = [];
  const sent: number[] = [];
  const first: number[] = [];
  const start = async (index: number): Promise<void> => {
    const { chatId, token } = await user.newChat();
    chatIds[index] = chatId;
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
  const places = displacements(await queuedAt(chat.app, chatIds), first);
  const waits = first.map((at, index) => at - (sent[index] ?? 0));
  return [
    {
      what: `${CHATS} chats started at once: places between the order in which their runs were queued and that of first texts, mean`,
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
