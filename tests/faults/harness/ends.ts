import { expect } from "vitest";
import { gather, type SeenRecord } from "./evidence.ts";
import type { FaultChat, PlannedTurn } from "./fault-chat.ts";

const chunkOf = (data: unknown) => (data ?? {}) as { type?: string; messageId?: string };

const isEnd = ({ headers }: SeenRecord) =>
  headers.some(([name, value]) => name === "trigger-control" && value === "turn-complete");

/** The sequence number of the last end of a turn on `.out`; -1: there is none. */
export async function lastEnd(chat: FaultChat): Promise<number> {
  const { output } = await gather(chat.app, chat.model, chat.tab);
  return output.findLast(isEnd)?.seq ?? -1;
}

/** Whether the last word of an answer is the last record on `.out`: its turn has not ended. */
export async function endsWithFinish(chat: FaultChat): Promise<boolean> {
  const { output } = await gather(chat.app, chat.model, chat.tab);
  return chunkOf(output.at(-1)?.data).type === "finish";
}

/** Which end the turn came to, if all who know it say the same: its `finish` on the stream, its row. */
export async function endOf(chat: FaultChat, turn: PlannedTurn): Promise<"whole" | "stopped"> {
  const { rows, output } = await gather(chat.app, chat.model, chat.tab);
  const answer = rows[rows.findIndex(({ text }) => text === turn.user) + 1];
  const from = output.findLastIndex(({ data }) => chunkOf(data).messageId === answer?.id);
  const isOver = ({ headers, data }: SeenRecord) => headers.length > 0 || chunkOf(data).type === "start";
  const end = output.findIndex((record, at) => at > from && isOver(record));
  const chunks = from === -1 ? [] : output.slice(from, end === -1 ? undefined : end);
  const finished = chunks.some(({ data }) => chunkOf(data).type === "finish");
  // Stopped before its first word, it has no row.
  expect(answer?.final ?? false, "the row and the stream disagree about the end").toBe(finished);
  if (finished) expect(answer?.text).toBe(turn.answer);
  return finished ? "whole" : "stopped";
}
