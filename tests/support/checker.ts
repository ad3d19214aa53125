import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { App } from "./app.ts";
import { storedRecords, type StreamRecord } from "./http-user.ts";
import { shown } from "./page.ts";
import type { ScriptedModel } from "./scripted-model.ts";

/** One message and its answer, as they must be found everywhere. */
export interface ExpectedTurn {
  user: string;
  /** The whole answer; `stopped` is the beginning of it that was there when it was stopped. */
  answer: string | { stopped: string };
  /** How often the model was asked, default once; more than once only where a crash cut an answer off. */
  asked?: number;
}

interface MessageRow {
  id: string;
  position: number;
  final: boolean;
  message: { id: string; role: string; parts: { type: string; text?: string }[] };
}

/** The page may be ready a moment before the run has written the turn's end to the database. */
const SETTLE_MS = 5000;

/**
 * Compares what the model sent, what the page shows, what the database holds and what the stream holds.
 * Each acknowledged message is stored once and answered once.
 */
export async function checkChat(
  { app, model, page }: { app: App; model: ScriptedModel; page?: Page },
  chatId: string,
  turns: ExpectedTurn[],
): Promise<void> {
  const rows = await settledRows(app, chatId, turns);
  const stored = rows.map((row) => ({ role: row.message.role, text: textOf(row), final: row.final }));
  expect(stored, "the database").toEqual(turns.flatMap(expectedRows));
  expect(rows.map((row) => row.message.id)).toEqual(rows.map((row) => row.id));

  if (page) {
    const wanted = rows.map((row) => ({ id: row.id, role: row.message.role, text: textOf(row) }));
    expect(await shown(page), "the page").toEqual(wanted);
    expect(await page.locator("[data-chat-status]").getAttribute("data-chat-status")).toBe("ready");
  }

  const appended = (await storedRecords(app, chatId, "in")).flatMap(submittedId);
  const users = rows.filter((row) => row.message.role === "user").map((row) => row.id);
  expect(appended, "the messages in `.in`").toEqual(users);

  await checkOutput(app, chatId, turns);
  for (const turn of turns) checkModel(model, turn);
}

/** The chat's rows, once the last answer is among them; as they are when that takes too long. */
async function settledRows(app: App, chatId: string, turns: ExpectedTurn[]): Promise<MessageRow[]> {
  for (const deadline = Date.now() + SETTLE_MS; ; await sleep(50)) {
    const rows = await app.query<MessageRow>(
      `SELECT id, position, final, message FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
      [chatId],
    );
    if (rows.length >= turns.length * 2 || Date.now() > deadline) return rows;
  }
}

function expectedRows(turn: ExpectedTurn): { role: string; text: string; final: boolean }[] {
  const stopped = typeof turn.answer === "object";
  return [
    { role: "user", text: turn.user, final: true },
    {
      role: "assistant",
      text: typeof turn.answer === "object" ? turn.answer.stopped : turn.answer,
      final: !stopped,
    },
  ];
}

function checkModel(model: ScriptedModel, turn: ExpectedTurn): void {
  const asked = model.turns.filter(({ userText }) => userText === turn.user);
  expect(asked, `how often the model was asked "${turn.user}"`).toHaveLength(turn.asked ?? 1);
  if (typeof turn.answer !== "string") return;
  // Two of them only where the stream was cut behind an answer that the model had sent to its end.
  const complete = new Set(asked.filter(({ state }) => state === "done").map(({ sent }) => sent));
  expect([...complete], "what the model sent to the end").toEqual([turn.answer]);
}

/** The stream's last turn is the last answer, and its end is where the database's cursor stands. */
async function checkOutput(app: App, chatId: string, turns: ExpectedTurn[]): Promise<void> {
  const records = await storedRecords(app, chatId, "out");
  const ends = records.filter((record) => control(record) === "turn-complete");
  const lastEnd = ends.at(-1);
  expect(lastEnd, "the end of the last turn in `.out`").toBeDefined();
  const consumed = ends.map((record) => Number(header(record, "session-in-event-id")));
  expect(consumed, "each turn consumed later input").toEqual([...new Set(consumed)].sort((a, b) => a - b));

  const [session] = await app.query<{ lastEventId: string | null }>(
    `SELECT "lastEventId" FROM "ChatSession" WHERE id = $1`,
    [chatId],
  );
  expect(session?.lastEventId, "the cursor in the database").toBe(String(lastEnd?.seq));

  const answer = turns.at(-1)?.answer;
  if (typeof answer !== "string" || (turns.at(-1)?.asked ?? 1) > 1) return;
  const from = ends.at(-2)?.seq ?? -1;
  const text = records
    .filter(({ seq }) => seq > from)
    .map(deltaOf)
    .join("");
  expect(text, "the last turn in `.out`").toBe(answer);
}

function textOf(row: MessageRow): string {
  return row.message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function submittedId(record: StreamRecord): string[] {
  const { kind, payload } = record.data as {
    kind?: string;
    payload?: { message?: { id: string; role: string } };
  };
  return kind === "message" && payload?.message?.role === "user" ? [payload.message.id] : [];
}

function header(record: StreamRecord, name: string): string | undefined {
  return record.headers.find(([key]) => key === name)?.[1];
}

const control = (record: StreamRecord): string | undefined => header(record, "trigger-control");

function deltaOf(record: StreamRecord): string {
  const chunk = record.data as { type?: string; delta?: string } | null;
  return chunk?.type === "text-delta" ? (chunk.delta ?? "") : "";
}
