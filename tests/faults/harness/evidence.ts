import type { App } from "../../support/app.ts";
import { textOf } from "../../support/chat-script.ts";
import type { Asked } from "../../support/model-script.ts";
import type { ScriptedModel } from "../../support/scripted-model.ts";
import type { FaultTab } from "./tab.ts";

/** A message, as one of the four witnesses has it. */
interface SeenMessage {
  id: string;
  role: string;
  text: string;
}

export interface StoredRow extends SeenMessage {
  /** The id in the row's key; the same as `id`, or something is wrong. */
  key: string;
  position: number;
  final: boolean;
  /** The sentence of a failed answer. */
  error: string | null;
}

/** One record of a session's stream. */
export interface SeenRecord {
  seq: number;
  /** The part id by which a reader drops what it has had already. */
  part: string;
  data: unknown;
  headers: [string, string][];
}

/** What the four witnesses say about one chat at about one moment. */
export interface Evidence {
  model: Asked[];
  page: SeenMessage[];
  status: string;
  /** The sentence at the end of the page, where its last turn failed. */
  error: string | null;
  rows: StoredRow[];
  /** The database's cursor on `.out`. */
  cursor: string | null;
  input: SeenRecord[];
  output: SeenRecord[];
}

/** Asks all four. */
export async function gather(app: App, model: ScriptedModel, tab: FaultTab): Promise<Evidence> {
  const { chatId, chat } = tab;
  const rows = await app.query<RawRow>(
    `SELECT id, position, final, message FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
    [chatId],
  );
  const [session] = await app.query<{ lastEventId: string | null }>(
    `SELECT "lastEventId" FROM "ChatSession" WHERE id = $1`,
    [chatId],
  );
  return {
    model: model.turns,
    page: chat.messages.map((message) => ({ id: message.id, role: message.role, text: textOf(message) })),
    status: chat.status,
    error: chat.error?.message ?? null,
    rows: rows.map(seenRow),
    cursor: session?.lastEventId ?? null,
    input: await recordsOf(app, chatId, "in"),
    output: await recordsOf(app, chatId, "out"),
  };
}

interface RawRow {
  id: string;
  position: number;
  final: boolean;
  message: { id: string; role: string; parts: { type: string; text?: string; data?: { text?: string } }[] };
}

function seenRow({ id, position, final, message }: RawRow): StoredRow {
  const text = message.parts.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
  const error = message.parts.find((part) => part.type === "data-error")?.data?.text ?? null;
  return { key: id, id: message.id, role: message.role, text, position, final, error };
}

/** All records of one direction of a chat's session as they lie in the store, those that readers skip included. */
async function recordsOf(app: App, chatId: string, direction: "in" | "out"): Promise<SeenRecord[]> {
  const records = await app.query<{ seq: string; body: string; headers: [string, string][] }>(
    `SELECT r.seq, r.body, r.headers FROM local_trigger.stream_records r
     JOIN local_trigger.streams s ON s.id = r.stream_id WHERE s.name = $1 ORDER BY r.seq`,
    [`sessions/${chatId}/${direction}`],
  );
  return records.map(({ seq, body, headers }) => ({ seq: Number(seq), headers, ...opened(body) }));
}

/** A record's body: data under a part id, or nothing at all. */
function opened(body: string): { part: string; data: unknown } {
  if (!body.startsWith("{")) return { part: "", data: null };
  const { data, id } = JSON.parse(body) as { data: unknown; id: string };
  return { part: id, data: typeof data === "string" && data !== "" ? (JSON.parse(data) as unknown) : data };
}
