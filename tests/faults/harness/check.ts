import type { Evidence, SeenRecord, StoredRow } from "./evidence.ts";

/** One message and what must be found of its answer. */
export interface FaultTurn {
  user: string;
  /** The whole answer, made of words that `words` can tell apart. */
  answer: string;
  /**
   * What the answer may be at the end. `whole`: all of it, final. `partial`: its beginning, not final; `stopped`: one of
   * them. `failed`: not final, with the sentence that was shown. `told`: whole, or it failed with a sentence; never gone
   * without a word. `unanswered`: there is none.
   */
  ends: "whole" | "partial" | "stopped" | "failed" | "told" | "unanswered";
  /** How often the model may have been asked. */
  asked: { from: number; to: number };
}

export interface CheckOptions {
  /** A writer that lost an acknowledgement wrote a record again under its part id: readers drop it. */
  repeats?: boolean;
}

/** What is wrong, a sentence each; nothing when the model, the page, the database and the stream agree. */
export function problemsOf(evidence: Evidence, turns: FaultTurn[], options: CheckOptions = {}): string[] {
  return [
    ...checkRows(evidence, turns),
    ...checkPage(evidence),
    ...checkInput(evidence, turns),
    ...checkOutput(evidence, turns, options),
    ...checkModel(evidence, turns),
  ];
}

/** Names what is lost, doubled, not expected or in another order. */
function differences(where: string, wanted: string[], found: string[]): string[] {
  const counts = (list: string[]) => {
    const map = new Map<string, number>();
    for (const item of list) map.set(item, (map.get(item) ?? 0) + 1);
    return map;
  };
  const [want, have] = [counts(wanted), counts(found)];
  const problems = [...new Set([...wanted, ...found])].flatMap((item) => {
    const [needed, there] = [want.get(item) ?? 0, have.get(item) ?? 0];
    if (there < needed) return [`${where}: lost ${short(item)}`];
    if (there > needed) return [`${where}: ${needed > 0 ? "doubled" : "not expected"} ${short(item)}`];
    return [];
  });
  const moved = problems.length === 0 ? wanted.find((item, index) => item !== found[index]) : undefined;
  return moved === undefined ? problems : [`${where}: reordered from ${short(moved)}`];
}

const short = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** An answer's words, each with its comma, and every letter beside them. */
const words = (text: string): string[] => text.match(/\w{4}\d{3},|[^]/g) ?? [];

function checkRows(evidence: Evidence, turns: FaultTurn[]): string[] {
  const { rows } = evidence;
  const users = rows.filter((row) => row.role === "user").map((row) => row.text);
  const problems = differences(
    "database: messages",
    turns.map((turn) => turn.user),
    users,
  );
  for (const row of rows)
    if (row.key !== row.id) problems.push(`database: row ${row.key} holds message ${row.id}`);
  for (const [at, turn] of turns.entries()) {
    const from = rows.findIndex((row) => row.text === turn.user);
    if (from === -1) continue;
    const next = rows.findIndex((row, index) => index > from && row.role === "user");
    const answers = rows.slice(from + 1, next === -1 ? undefined : next);
    if (turn.ends === "told" && hasFailed(evidence, turn, answers)) continue;
    problems.push(...checkAnswers(`database: answer ${at + 1}`, answers, turn));
  }
  return problems;
}

/** It failed, and says so: in its row, or where no run could store one, on `.out` or at the end of the page. */
function hasFailed(evidence: Evidence, turn: FaultTurn, [answer, ...more]: StoredRow[]): boolean {
  if (more.length > 0 || answer?.final) return false;
  if (answer && !turn.answer.startsWith(answer.text)) return false;
  const isLast = evidence.rows.findLast(({ role }) => role === "user")?.text === turn.user;
  return !!answer?.error || errorsOnStream(evidence, turn).length > 0 || (isLast && evidence.error !== null);
}

/** What `.out` says of why a turn failed. */
function errorsOnStream({ output, input }: Evidence, turn: FaultTurn): string[] {
  const ends = output.filter(isEnd);
  const at = ends.findIndex((end) => messageOf(end, input)?.text === turn.user);
  if (at === -1) return [];
  const from = ends[at - 1]?.seq ?? -1;
  const own = output.filter(({ seq }) => seq > from && seq < (ends[at]?.seq ?? -1));
  return own.flatMap(({ data }) => (chunk(data).type === "error" ? [chunk(data).errorText ?? ""] : []));
}

function checkAnswers(where: string, answers: StoredRow[], turn: FaultTurn): string[] {
  const [answer] = answers;
  if (turn.ends === "unanswered") return answer ? [`${where}: not expected`] : [];
  if (!answer) return [`${where}: lost, there is none`];
  if (answers.length > 1) return [`${where}: doubled, there are ${answers.length}`];
  const isWhole = answer.text === turn.answer;
  const isPart = turn.answer.startsWith(answer.text);
  if (turn.ends === "failed")
    return answer.error && !answer.final ? [] : [`${where}: it does not say why it failed`];
  const mayBePart = turn.ends === "partial" || turn.ends === "stopped";
  if (mayBePart && isPart && !answer.final) return [];
  if (turn.ends === "partial") return [`${where}: no partial: ${short(answer.text)}, final ${answer.final}`];
  if (isWhole && answer.final) return [];
  if (isWhole) return [`${where}: whole, but not final`];
  return differences(where, words(turn.answer), words(answer.text));
}

function checkPage({ page, rows, status }: Evidence): string[] {
  const line = ({ role, id, text }: { role: string; id: string; text: string }) => `${role} ${id} ${text}`;
  const ids = differences("page: messages", rows.map(idOf), page.map(idOf));
  const texts = ids.length > 0 ? [] : differences("page", rows.map(line), page.map(line));
  const isOpen = status === "submitted" || status === "streaming";
  return [...ids, ...texts, ...(isOpen ? [`page: still ${status}`] : [])];
}

const idOf = ({ role, id }: { role: string; id: string }): string => `${role} ${id}`;

function checkInput({ input, rows }: Evidence, turns: FaultTurn[]): string[] {
  const submitted = input.flatMap(submittedMessage);
  const users = rows.filter((row) => row.role === "user");
  return [
    ...checkNumbers("`.in`", input),
    ...differences(
      "`.in`: messages",
      turns.map((turn) => turn.user),
      submitted.map(({ text }) => text),
    ),
    ...differences(
      "`.in`: ids",
      users.map(({ id }) => id),
      submitted.map(({ id }) => id),
    ),
  ];
}

function checkNumbers(where: string, records: SeenRecord[]): string[] {
  const broken = records.findIndex((record, at) => at > 0 && record.seq !== (records[at - 1]?.seq ?? 0) + 1);
  if (broken === -1) return [];
  return [
    `${where}: lost number ${(records[broken - 1]?.seq ?? 0) + 1}, ${records[broken]?.seq} comes instead`,
  ];
}

function checkOutput(
  { output, input, rows, cursor }: Evidence,
  turns: FaultTurn[],
  options: CheckOptions,
): string[] {
  const problems = checkNumbers("`.out`", output);
  const parts = output.map(({ part }) => part).filter((part) => part !== "");
  const distinct = [...new Set(parts)];
  if (!options.repeats) problems.push(...differences("`.out`: parts", distinct, parts));
  const ends = output.filter(isEnd);
  const consumed = ends.map((record) => header(record, "session-in-event-id") ?? "");
  const inOrder = [...new Set(consumed)].sort((a, b) => Number(a) - Number(b));
  problems.push(...differences("`.out`: turns consumed", inOrder, consumed));
  const lastEnd = ends.at(-1);
  if (turns.length === 0) return problems;
  if (!lastEnd) return [...problems, "`.out`: lost, it has no end of a turn"];
  if (String(lastEnd.seq) !== cursor) {
    problems.push(`database: its cursor is ${cursor}, the last turn ended at ${lastEnd.seq}`);
  }
  for (const [at, end] of ends.entries()) {
    // The stream is trimmed behind the turns: its first one may be half.
    const from = ends[at - 1]?.seq ?? (output[0]?.seq === 0 ? -1 : null);
    if (from === null) continue;
    const message = messageOf(end, input);
    const turn = turns.find(({ user }) => user === message?.text);
    if (!turn || turn.ends === "failed") continue;
    problems.push(
      ...checkTurn(
        output.filter(({ seq }) => seq > from && seq < end.seq),
        turn,
        rows,
      ),
    );
  }
  return problems;
}

/** The message that a turn's end answers. */
function messageOf(end: SeenRecord, input: SeenRecord[]): { id: string; text: string } | undefined {
  const own = input.filter((record) => record.seq <= Number(header(end, "session-in-event-id")));
  return own.flatMap(submittedMessage).at(-1);
}

/** What a reader makes of one turn's records: the last message that was begun, each part once. */
function checkTurn(records: SeenRecord[], turn: FaultTurn, rows: StoredRow[]): string[] {
  const first = records.findLastIndex(({ data }) => chunk(data).type === "start");
  const had = new Set<string>();
  const deltas = records.slice(Math.max(first, 0)).filter(({ part, data }) => {
    const isNew = part === "" || !had.has(part);
    had.add(part);
    return isNew && chunk(data).type === "text-delta";
  });
  const text = deltas.map(({ data }) => chunk(data).delta ?? "").join("");
  const where = `\`.out\`: answer to ${short(turn.user)}`;
  if (turn.ends !== "whole")
    return turn.answer.startsWith(text) ? [] : [`${where}: not its beginning: ${short(text)}`];
  const id = first === -1 ? undefined : chunk(records[first]?.data).messageId;
  const known = id === undefined || rows.some((row) => row.id === id);
  const problems = differences(where, words(turn.answer), words(text));
  return known ? problems : [...problems, `${where}: its id ${id} is not in the database`];
}

function checkModel({ model }: Evidence, turns: FaultTurn[]): string[] {
  return turns.flatMap(({ user, answer, asked: { from, to } }) => {
    const asked = model.filter((one) => one.userText === user);
    const problems: string[] = [];
    if (asked.length < from)
      problems.push(`model: lost ${short(user)}: asked ${asked.length} times, not ${from}`);
    if (asked.length > to)
      problems.push(`model: doubled ${short(user)}: asked ${asked.length} times, not ${to}`);
    const wrong = asked.some(({ state, sent }) => state === "done" && sent !== "" && sent !== answer);
    return wrong ? [...problems, `model: sent another answer to ${short(user)}`] : problems;
  });
}

/** The user's messages in `.in`. */
function submittedMessage({ data }: SeenRecord): { id: string; text: string }[] {
  const { kind, payload } = data as {
    kind?: string;
    payload?: { message?: { id: string; role: string; parts: { text?: string }[] } };
  };
  const message = payload?.message;
  if (kind !== "message" || message?.role !== "user") return [];
  return [{ id: message.id, text: message.parts.map((part) => part.text ?? "").join("") }];
}

const header = (record: SeenRecord, name: string): string | undefined =>
  record.headers.find(([key]) => key === name)?.[1];

const isEnd = (record: SeenRecord): boolean => header(record, "trigger-control") === "turn-complete";

type Chunk = { type?: string; delta?: string; messageId?: string; errorText?: string };

const chunk = (data: unknown): Chunk => (data ?? {}) as Chunk;
