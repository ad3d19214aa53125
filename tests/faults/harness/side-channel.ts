import { append } from "../../support/http-user.ts";
import type { FaultChat } from "./fault-chat.ts";

/** Appends a record on a side channel, where nothing answers. Its number; null when nobody acknowledged it. */
export async function put(chat: FaultChat, part: string, padding = ""): Promise<number | null> {
  const body = JSON.stringify({ part, padding });
  const response = await append(chat.app, `${chat.chatId}/channels/faults`, chat.token, body, part).catch(
    () => null,
  );
  if (!response?.ok) return null;
  return ((await response.json()) as { seq: number }).seq;
}

/** What `put` stored in this chat, in order. */
export async function stored(chat: FaultChat): Promise<{ seq: number; part: string }[]> {
  const rows = await chat.app.query<{ seq: string; part: string }>(
    `SELECT r.seq, r.part_id AS part FROM local_trigger.stream_records r
     JOIN local_trigger.streams s ON s.id = r.stream_id WHERE s.name = $1 ORDER BY r.seq`,
    [sideChannel(chat)],
  );
  return rows.map(({ seq, part }) => ({ seq: Number(seq), part }));
}

/** The name of the stream that `put` appends to. */
export const sideChannel = (chat: FaultChat): string => `sessions/${chat.chatId}/channels/faults/in`;

/** What is wrong with the side channel, given what was acknowledged under which number: nothing is the rule. */
export async function problemsOfChannel(
  chat: FaultChat,
  acknowledged: ReadonlyMap<string, number>,
): Promise<string[]> {
  const records = await stored(chat);
  const numbers = new Map(records.map(({ seq, part }) => [part, seq]));
  return [
    ...records.flatMap(({ seq }, at) => (seq === at ? [] : [`number ${seq} lies at place ${at}`])),
    ...(numbers.size === records.length ? [] : ["a part was stored twice"]),
    ...[...acknowledged].flatMap(([part, seq]) =>
      numbers.get(part) === seq ? [] : [`${part} was acknowledged as ${seq}, and is ${numbers.get(part)}`],
    ),
  ];
}
