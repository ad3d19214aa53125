import type { HttpUser } from "../../support/http-user.ts";
import { numberedWords, question } from "../../support/model-script.ts";
import type { ChatBench } from "./chat-bench.ts";
import { LineClient, now } from "./line-client.ts";

/** A model that writes its first piece 10 ms after it is asked, and then one every 10 ms. */
export const PACE = { text: numberedWords(10), pieceSize: 6, pieceMs: 10 };

/** One turn through the whole line; each number is milliseconds since its beginning. */
export interface LineTurn {
  ack: number;
  saved: number;
  asked: number;
  modelFirst: number;
  stored: number;
  total: number;
}

/** `from`: when the turn counts as begun, by default when its message is sent. */
export async function lineTurn(
  { app, model }: Pick<ChatBench, "app" | "model">,
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
  const turn = {
    ack: acknowledged - start,
    // The transaction's beginning. The column holds the session's local time without a zone; only its distance within the hour counts.
    saved: withinHour(Number(row?.createdAt) - start),
    asked: at(asked?.at),
    modelFirst: at(asked?.firstTextAt),
    stored: first.stored - start,
    total: first.text - start,
  };
  if (!Number.isFinite(turn.modelFirst)) throw new Error("a turn was answered without asking the model");
  return turn;
}

const HOUR = 3_600_000;
const withinHour = (time: number): number => ((((time + HOUR / 2) % HOUR) + HOUR) % HOUR) - HOUR / 2;

/** A new chat with its first turn, counted from the click: session, run, message. */
export async function firstTurn(bench: ChatBench, user: HttpUser): Promise<LineTurn> {
  const from = now();
  const { chatId, token } = await user.newChat();
  const client = await new LineClient(bench.app, chatId, token).open();
  try {
    return await lineTurn(bench, client, from);
  } finally {
    client.close();
  }
}

/** What of the time to the first text was not the model's own. */
export const overModel = (turn: LineTurn): number => turn.total - (turn.modelFirst - turn.asked);
