import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { App } from "./app.ts";
import { eventually } from "./eventually.ts";
import type { Journey } from "./journey.ts";
import { contentText, question, type ChatRequest } from "./model-script.ts";
import { assistantText, chatIdOf, send, waitReady } from "./page.ts";

type Part = { type: string; text?: string; toolCallId?: string; state?: string };
type Row = {
  id: string;
  position: number;
  parentId: string | null;
  message: { role: string; parts: Part[] };
};
type Told = ChatRequest["messages"];

const ANSWER = "It goes on.";

/**
 * Sends one message, and checks that it is answered once, by a model that was given the conversation before it: what
 * was said, and what came of each tool call as it was told at its time.
 */
export async function goesOn(journey: Journey, page: Page): Promise<void> {
  const { model, app } = journey;
  const chatId = await chatIdOf(page);
  const { text, key } = question("And go on");
  model.answer(key, { text: ANSWER });
  const earlier = model.turns.length;
  await send(page, text);
  let last = "";
  await eventually(async () => (last = await assistantText(page)) === ANSWER, {
    what: () => `after the kill the answer is "${last}", not "${ANSWER}"`,
    ms: 30_000,
  });
  await waitReady(page);
  const asked = model.askedFor(key);
  expect(asked, "how often the model was asked after the kill").toHaveLength(1);
  const told = asked[0]?.request.messages ?? [];
  const branch = await storedBranch(app, chatId);
  expect(saidTo(told), "what was said, as the model was told after the kill").toEqual(
    branch.flatMap(said).slice(0, -1),
  );
  const before = toolResults(model.turns.slice(0, earlier).flatMap(({ request }) => request.messages));
  const results = toolResults(told);
  for (const id of branch.flatMap(finishedCalls)) {
    expect(results.get(id), `what came of the call ${id}, as the model was told after the kill`).toEqual(
      before.get(id) ?? expect.anything(),
    );
  }
}

/** The rows of the branch on screen, once the answer that was sent last is among them. */
async function storedBranch(app: App, chatId: string): Promise<Row[]> {
  return await eventually(
    async () => {
      const rows = await app.query<Row>(
        `SELECT id, position, "parentId", message FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
        [chatId],
      );
      const [chat] = await app.query<{ head: string }>(
        `SELECT "headMessageId" AS head FROM "Chat" WHERE id = $1`,
        [chatId],
      );
      const branch: Row[] = [];
      for (let id: string | null = chat?.head ?? null; id !== null;) {
        const at = rows.findIndex((row) => row.id === id);
        const row = rows[at];
        if (!row) break;
        branch.unshift(row);
        id = row.parentId ?? rows[at - 1]?.id ?? null;
      }
      return branch.at(-1)?.message.parts.some((part) => part.text === ANSWER) && branch;
    },
    { what: () => "the answer after the kill is not stored", ms: 10_000 },
  );
}

const said = ({ message: { role, parts } }: Row): [string, string][] => {
  const text = parts.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
  return text === "" ? [] : [[role, text]];
};

/** The same of a request: an answer with tool calls is several messages there. */
function saidTo(messages: Told): [string, string][] {
  const spoken: [string, string][] = [];
  let inAnswer = false;
  for (const { role, content } of messages) {
    const text = contentText(content);
    if (role === "user") spoken.push([role, text]);
    if (role === "assistant" && text !== "") {
      const answer = inAnswer ? spoken.at(-1) : undefined;
      if (answer?.[0] === "assistant") answer[1] += text;
      else spoken.push([role, text]);
    }
    inAnswer = role !== "user";
  }
  return spoken;
}

const finishedCalls = ({ message }: Row): string[] =>
  message.parts.flatMap(({ toolCallId, state }) =>
    toolCallId !== undefined && state?.startsWith("output-") ? [toolCallId] : [],
  );

/** What the model was told of each call, the last time; a history has the same JSON in another order. */
const toolResults = (messages: Told): Map<string, unknown> =>
  new Map(
    messages.flatMap(({ role, tool_call_id: id, content }) =>
      role === "tool" && id !== undefined ? [[id, parsed(contentText(content))]] : [],
    ),
  );

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
