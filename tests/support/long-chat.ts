import { randomUUID } from "node:crypto";
import type { App } from "./app.ts";

/** What the n-th message (from 0) says: questions of a line, answers of some paragraphs. */
const longChatText = (index: number): string =>
  index % 2 === 0
    ? `Question ${index}: what about it?`
    : `Answer ${index}.\n\nIt has **some** words, and a list:\n\n- one of ${index}\n- two of ${index}\n\n\`\`\`js\nconst n = ${index};\n\`\`\`\n\nThat is all.`;

/** Writes a chat with so many messages into the database, for the person who signed up last; gives its id. */
export async function longChat(app: App, count: number, title = `Long ${count}`): Promise<string> {
  const chatId = randomUUID();
  await app.query(
    `INSERT INTO "Chat" ("id", "userId", "title", "headMessageId")
     SELECT $1, "id", $2, $3 FROM "User" ORDER BY "createdAt" DESC LIMIT 1`,
    [chatId, title, `n${count - 1}`],
  );
  await app.query(`INSERT INTO "ChatSession" ("id") VALUES ($1)`, [chatId]);
  const texts = Array.from({ length: count }, (_, index) => longChatText(index));
  await app.query(
    `INSERT INTO "Message" ("chatId", "id", "position", "parentId", "message")
     SELECT $1, 'n' || n, n, CASE WHEN n = 0 THEN '' ELSE 'n' || (n - 1) END,
            jsonb_build_object('id', 'n' || n, 'role', CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END,
              'parts', jsonb_build_array(jsonb_build_object('type', 'text', 'text', text)))
     FROM unnest($2::text[]) WITH ORDINALITY AS given(text, place), LATERAL (SELECT place::int - 1 AS n) numbered`,
    [chatId, texts],
  );
  return chatId;
}
