import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { connect, hold, runBooted } from "./harness/kills.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";

// A checker that cannot fail proves nothing: each fault is planted where it would be found, in a chat that is whole,
// and taken out again.
const { row } = faults();

type Planted = (chat: FaultChat) => Promise<void> | void;

/** The rows of one chat that faults are planted in. */
const TABLES = [
  ["local_trigger.stream_records", "stream_id IN ($in, $out)"],
  [`"Message"`, `"chatId" = $chat`],
] as const;

/** A statement with what stands for this chat and its streams put in. */
function about(chat: FaultChat, statement: string): string {
  const stream = (io: string) =>
    `(SELECT id FROM local_trigger.streams WHERE name = 'sessions/${chat.chatId}/${io}')`;
  return statement
    .replaceAll("$chat", `'${chat.chatId}'`)
    .replaceAll("$out", stream("out"))
    .replaceAll("$in", stream("in"));
}

async function sql(chat: FaultChat, ...statements: string[]): Promise<void> {
  const client = await connect(chat.app);
  try {
    for (const statement of statements) {
      const { rowCount } = await client.query(about(chat, statement));
      expect(rowCount, `nothing was planted by ${statement}`).toBeGreaterThan(0);
    }
  } finally {
    await client.end();
  }
}

/** Keeps what the four witnesses have of this chat; the returned function brings it back. */
async function keep(chat: FaultChat): Promise<() => Promise<void>> {
  const client = await connect(chat.app);
  const { messages } = chat.tab.chat;
  const asked = [...chat.model.turns];
  for (const [at, [table, where]] of TABLES.entries())
    await client.query(`CREATE TEMP TABLE kept_${at} AS SELECT * FROM ${table} WHERE ${about(chat, where)}`);
  return async () => {
    await client.query("BEGIN");
    for (const [at, [table, where]] of TABLES.entries()) {
      await client.query(`DELETE FROM ${table} WHERE ${about(chat, where)}`);
      await client.query(`INSERT INTO ${table} SELECT * FROM kept_${at}`);
    }
    await client.query("COMMIT");
    await client.end();
    chat.tab.chat.messages = messages;
    chat.model.turns.splice(0, Infinity, ...asked);
  };
}

let made: Promise<FaultChat> | undefined;

async function wholeChat(fault: Fault): Promise<FaultChat> {
  const chat = await fault.chat();
  for (let turn = 0; turn < 2; turn += 1) {
    await chat.send({ words: 8, pace: 0 });
    await chat.settle();
  }
  return chat;
}

const delta = (nth: number) =>
  `(SELECT seq FROM local_trigger.stream_records WHERE stream_id = $out AND body LIKE '%text-delta%' ORDER BY seq DESC LIMIT 1 OFFSET ${nth})`;
const swapped = (stream: string, a: string, b: string) =>
  `UPDATE local_trigger.stream_records r SET body = o.body FROM local_trigger.stream_records o
   WHERE r.stream_id = ${stream} AND o.stream_id = r.stream_id AND r.seq IN (${a}, ${b}) AND o.seq IN (${a}, ${b}) AND r.seq <> o.seq`;

const PLANTED: [string, RegExp, Planted][] = [
  [
    "a record lost from `.out`",
    /`\.out`: lost number/,
    (chat) =>
      sql(chat, `DELETE FROM local_trigger.stream_records WHERE stream_id = $out AND seq = ${delta(3)}`),
  ],
  [
    "a record of `.out` lost with its number",
    /`\.out`: answer .* lost/,
    (chat) =>
      sql(
        chat,
        `UPDATE local_trigger.stream_records SET body = replace(body, 'text-delta', 'data-none') WHERE stream_id = $out AND seq = ${delta(3)}`,
      ),
  ],
  [
    "a record doubled in `.out`",
    /`\.out`.* doubled/,
    (chat) =>
      sql(
        chat,
        `UPDATE local_trigger.stream_records SET body = (SELECT body FROM local_trigger.stream_records WHERE stream_id = $out AND seq = ${delta(4)}) WHERE stream_id = $out AND seq = ${delta(3)}`,
      ),
  ],
  [
    "two records reordered in `.out`",
    /`\.out`.* reordered/,
    (chat) => sql(chat, swapped("$out", delta(2), delta(6))),
  ],
  [
    "a message lost from `.in`",
    /`\.in`: messages: lost/,
    (chat) => sql(chat, `DELETE FROM local_trigger.stream_records WHERE stream_id = $in AND seq = 1`),
  ],
  [
    "a message doubled in `.in`",
    /`\.in`: messages: doubled/,
    (chat) =>
      sql(
        chat,
        `INSERT INTO local_trigger.stream_records (stream_id, seq, recorded_at, body, headers)
      SELECT stream_id, 2, recorded_at, body, headers FROM local_trigger.stream_records WHERE stream_id = $in AND seq = 1`,
      ),
  ],
  [
    "two messages reordered in `.in`",
    /`\.in`: messages: reordered/,
    (chat) => sql(chat, swapped("$in", "0", "1")),
  ],
  [
    "a message lost from the database",
    /database: messages: lost/,
    (chat) => sql(chat, `DELETE FROM "Message" WHERE "chatId" = $chat AND position = 0`),
  ],
  [
    "an answer lost from the database",
    /database: answer 2: lost/,
    (chat) => sql(chat, `DELETE FROM "Message" WHERE "chatId" = $chat AND position = 3`),
  ],
  [
    "a message doubled in the database",
    /database: messages: doubled/,
    (chat) =>
      sql(
        chat,
        `INSERT INTO "Message" ("chatId", id, position, message, final)
      SELECT "chatId", 'again', 9, message, final FROM "Message" WHERE "chatId" = $chat AND position = 2`,
      ),
  ],
  [
    "an answer doubled in the database",
    /database: answer 2: doubled/,
    (chat) =>
      sql(
        chat,
        `INSERT INTO "Message" ("chatId", id, position, message, final)
      SELECT "chatId", 'again', 9, message, final FROM "Message" WHERE "chatId" = $chat AND position = 3`,
      ),
  ],
  [
    "two messages reordered in the database",
    /database: messages: reordered/,
    (chat) =>
      sql(
        chat,
        ...[
          [0, 90],
          [2, 0],
          [90, 2],
        ].map(
          ([from, to]) =>
            `UPDATE "Message" SET position = ${to} WHERE "chatId" = $chat AND position = ${from}`,
        ),
      ),
  ],
  [
    "a message lost from the page",
    /page: messages: lost/,
    ({ tab }) => void (tab.chat.messages = tab.chat.messages.slice(1)),
  ],
  [
    "a message doubled on the page",
    /page: messages: doubled/,
    ({ tab }) => void (tab.chat.messages = [...tab.chat.messages, ...tab.chat.messages.slice(-1)]),
  ],
  [
    "two messages reordered on the page",
    /page: messages: reordered/,
    ({ tab }) => void (tab.chat.messages = tab.chat.messages.toReversed()),
  ],
  [
    "a word lost from the page",
    /page: lost/,
    ({ tab }) => {
      tab.chat.messages = tab.chat.messages.map((message) => ({
        ...message,
        parts: message.parts.map((part) =>
          part.type === "text" ? { ...part, text: part.text.slice(8) } : part,
        ),
      }));
    },
  ],
  [
    "a turn that the model was asked for twice",
    /model: doubled/,
    (chat) => {
      const asked = chat.model.askedFor(chat.turns[0]?.key ?? "");
      chat.model.turns.push(...asked);
    },
  ],
];

for (const [name, sentence, plant] of PLANTED) {
  row(`the checker names ${name}`, async (fault) => {
    const chat = await (made ??= wholeChat(fault));
    const restore = await keep(chat);
    try {
      await plant(chat);
      fault.fired();
      expect((await chat.problems()).join("\n")).toMatch(sentence);
    } finally {
      await restore();
    }
    expect(await chat.problems(), "the fault was not taken out again").toEqual([]);
  });
}

row(
  "the checker names an answer that is gone without a word, and lets one pass that says why",
  async (fault) => {
    const chat = await (made ??= wholeChat(fault));
    const turn = chat.turns[1];
    const restore = await keep(chat);
    if (turn) turn.ends = "told";
    try {
      await sql(chat, `DELETE FROM "Message" WHERE "chatId" = $chat AND position = 3`);
      fault.fired();
      expect((await chat.problems()).join("\n")).toMatch(/database: answer 2: lost/);
      // The page has what the database has; why there is no more stands on the stream.
      chat.tab.chat.messages = chat.tab.chat.messages.slice(0, -1);
      const error = `{"data":{"type":"error","errorText":"It failed."},"id":"planted"}`;
      await sql(
        chat,
        `UPDATE local_trigger.stream_records SET body = '${error}' WHERE stream_id = $out AND seq = ${delta(0)}`,
      );
      expect(await chat.problems()).toEqual([]);
    } finally {
      await restore();
      if (turn) turn.ends = "whole";
    }
    expect(await chat.problems(), "the fault was not taken out again").toEqual([]);
  },
);

row("a hold sees who waits for it, also on a connection that came after it had looked", async (fault) => {
  const chat = await fault.chat();
  await runBooted(fault.app, chat.chatId);
  const held = await hold(fault.app, `SELECT 1 FROM "ChatSession" WHERE id = $1`, [chat.chatId]);
  let met = false;
  const meeting = held.met().then(() => (met = true));
  // It looks many times in that.
  await sleep(300);
  expect(met).toBe(false);
  const late = await connect(fault.app);
  const written = late.query(`UPDATE "ChatSession" SET "updatedAt" = now() WHERE id = $1`, [chat.chatId]);
  await meeting;
  fault.fired();
  await held.release();
  await written;
  await late.end();
});
