import type { HttpUser } from "../../support/http-user.ts";
import { eventually } from "../../support/eventually.ts";
import { longChat } from "../../support/long-chat.ts";
import type { ChatBench } from "./chat-bench.ts";
import { LineClient } from "./line-client.ts";
import { lineTurn } from "./line-turn.ts";
import { statementsOf, type Statements } from "./statements.ts";

type Chat = Pick<ChatBench, "app" | "model">;

/** A chat of that length whose run has the history: what is measured are turns, not the run's start. */
export async function openedLong(chat: Chat, user: HttpUser, messages: number): Promise<LineClient> {
  const chatId = await longChat(chat.app, messages);
  const response = await user.post(`/chats/${chatId}/session`);
  const { publicAccessToken } = (await response.json()) as { publicAccessToken: string };
  const client = await new LineClient(chat.app, chatId, publicAccessToken).open();
  await lineTurn(chat, client);
  await settled(chat, chatId, messages + 2);
  return client;
}

const settled = ({ app }: Chat, chatId: string, messages: number) =>
  eventually(
    async () => {
      const [row] = await app.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM "Message" WHERE "chatId" = $1`,
        [chatId],
      );
      return row?.count === messages;
    },
    { what: () => `the chat does not have ${messages} messages`, ms: 30_000 },
  );

/** What so many turns cost the database, one after the other. */
export function turnsCost(chat: Chat, client: LineClient, turns: number): Promise<Statements> {
  return statementsOf(chat.app, async () => {
    for (let turn = 0; turn < turns; turn += 1) await lineTurn(chat, client);
  });
}
