import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpUser } from "../../support/http-user.ts";
import { question } from "../../support/model-script.ts";
import { spreadOf, type Result } from "../figure.ts";
import { median, quantile } from "../statistics.ts";
import { startChatBench, type ChatBench } from "./chat-bench.ts";
import { LineClient, now } from "./line-client.ts";
import { PACE } from "./line-turn.ts";
import { spareReady } from "./run-processes.ts";

/** As most models, it thinks for a while before its first word: that is the time that a head start can use. */
const THINKS_MS = 600;

interface FormTurn {
  /** Click to first text, over the model's own time. */
  over: number;
  headStart: boolean;
}

/** A new chat by its form, as the page sends it; then its stream, as the page reads it. */
async function formTurn({ app, model }: ChatBench, user: HttpUser): Promise<FormTurn> {
  const { text, key } = question("Begin this");
  const prepared = model.answer(key, { ...PACE, firstMs: THINKS_MS });
  const chatId = randomUUID();
  const from = now();
  const sent = await user.post("/chats?index", { chatId, messageId: randomUUID(), text });
  if (sent.status !== 302) throw new Error(`the form answered ${sent.status}`);
  const opened = await user.post(`/chats/${chatId}/session`);
  const { publicAccessToken } = (await opened.json()) as { publicAccessToken: string };
  const client = new LineClient(app, chatId, publicAccessToken);
  const answer = client.answer();
  try {
    await client.open("beginning");
    const { text: seen } = await answer;
    const [asked, ...more] = prepared.asked;
    if (!asked || more.length > 0) throw new Error(`the model was asked ${prepared.asked.length} times`);
    const own = (asked.firstTextAt ?? Number.NaN) - asked.at;
    // Its request comes to the model before the process that answers it is there.
    return { over: seen - from - own, headStart: await wasAskedAhead(app, chatId) };
  } finally {
    client.close();
  }
}

async function wasAskedAhead(app: ChatBench["app"], chatId: string): Promise<boolean> {
  for (;;) {
    const [row] = await app.query<{ ahead: string | null }>(
      `SELECT message->'metadata'->>'headStart' AS ahead FROM "Message"
        WHERE "chatId" = $1 AND message->>'role' = 'assistant'`,
      [chatId],
    );
    if (row) return row.ahead === "true";
    await sleep(50);
  }
}

interface Side {
  chat: ChatBench;
  user: HttpUser;
  over: number[];
  on: boolean;
}

async function side(chat: ChatBench, on: boolean): Promise<Side> {
  return { chat, user: await new HttpUser(chat.app).signUp(), over: [], on };
}

/** The form with a head start, turn about with the same form without one. */
export async function measureHeadStart(plain: ChatBench, chats: number, pauseMs: number): Promise<Result[]> {
  const other = await startChatBench({ HEAD_START: "on" });
  try {
    const without = await side(plain, false);
    const sides = [without, await side(other, true)];
    for (let count = 0; count <= chats; count += 1) {
      for (const one of sides) {
        await spareReady(one.chat.app);
        await sleep(pauseMs);
        const turn = await formTurn(one.chat, one.user);
        if (turn.headStart !== one.on) throw new Error(`head start is ${turn.headStart}, not ${one.on}`);
        // The first one is the web's own warm-up.
        if (count > 0) one.over.push(turn.over);
      }
    }
    return sides.map((one) => resultOf(one, median(one.over) / median(without.over)));
  } finally {
    await other.stop();
  }
}

function resultOf({ over, on }: Side, ratio: number): Result {
  const model = `a model that thinks for ${THINKS_MS} ms`;
  return {
    what: `new chat by its form, ${on ? "with a head start (HEAD_START=on)" : "no head start"}, ${model}, click to first text over the model's own time`,
    value: median(over),
    unit: "ms",
    ...(on ? { ratio } : {}),
    against: `the same form ${on ? "without" : "with"} a head start, turn about`,
    samples: over.length,
    spread: spreadOf(over),
    details: { "p90 ms": quantile(over, 0.9) },
    limit: on
      ? "what the run takes longer to begin than the model thinks; the request that is found a second time"
      : "the run's start in its process",
  };
}
