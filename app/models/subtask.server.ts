import { db } from "#app/models/db.server.ts";
import { storableJson, storableText } from "#app/models/storable.ts";
import { Prisma } from "#prisma/generated/client.ts";

export type SubtaskTool = "deepResearch" | "delegate";
type SubtaskState = "running" | "done" | "failed" | "stopped";

/** One run of a subtask. A run that was given up finds that a newer generation has taken its place. */
export type SubtaskRef = { id: string; generation: number };

export type SubtaskRow = {
  id: string;
  state: SubtaskState;
  generation: number;
  runId: string | null;
  begun: boolean;
  version: number;
  progress: unknown;
  output: unknown;
  error: string | null;
};

const select = {
  id: true,
  state: true,
  generation: true,
  runId: true,
  begun: true,
  version: true,
  progress: true,
  output: true,
  error: true,
} as const;

type Wanted = {
  chatId: string;
  toolCallId: string;
  askedId: string;
  callerRunId: string;
  tool: SubtaskTool;
  input: object;
  model: string | null;
};

/** At most so many for one turn: a model that asks for ever is told so. */
const MAX_FOR_A_TURN = 6;

/**
 * The subtask of this call. One that a lost run had asked for the same, for the same message, is taken over. Null when
 * the chat is gone; "tooMany" when the turn has asked for too many.
 */
export async function openSubtask(wanted: Wanted): Promise<SubtaskRow | "tooMany" | null> {
  const { chatId, toolCallId, askedId, callerRunId, tool, model } = wanted;
  const input = storableJson(wanted.input) as Prisma.InputJsonObject;
  const own = await db().subtask.findUnique({ where: { chatId_toolCallId: { chatId, toolCallId } }, select });
  if (own) return toRow(own);
  const lost = await takeOver({ ...wanted, input });
  if (lost !== null) return subtask(lost);
  if ((await db().subtask.count({ where: { chatId, turnEnded: false } })) >= MAX_FOR_A_TURN) return "tooMany";
  const made = await db().$queryRaw<{ id: string }[]>`
    INSERT INTO "Subtask" ("id", "chatId", "toolCallId", "askedId", "callerRunId", "tool", "input", "model")
    SELECT ${crypto.randomUUID()}, c."id", ${toolCallId}, ${askedId}, ${callerRunId}, ${tool},
           ${JSON.stringify(input)}::jsonb, ${model}
    FROM "Chat" c WHERE c."id" = ${chatId}
    RETURNING "id"`;
  return made[0] ? subtask(made[0].id) : null;
}

/** Makes one that a lost run had asked for this call's; null when there is none. */
async function takeOver({
  chatId,
  toolCallId,
  askedId,
  callerRunId,
  tool,
  input,
}: Wanted): Promise<string | null> {
  const lost = Prisma.sql`
    SELECT "id" FROM "Subtask"
     WHERE "chatId" = ${chatId} AND "askedId" = ${askedId} AND "tool" = ${tool} AND NOT "turnEnded"
       AND "callerRunId" <> ${callerRunId} AND "state" <> 'stopped' AND "input" = ${JSON.stringify(input)}::jsonb
     ORDER BY "createdAt" LIMIT 1`;
  // Its own run may be writing it just now: that is waited for. What another call took meanwhile is looked for anew.
  do {
    const [taken] = await db().$queryRaw<{ id: string }[]>`
      UPDATE "Subtask" SET "toolCallId" = ${toolCallId}, "callerRunId" = ${callerRunId}
       WHERE "id" = (${lost} FOR UPDATE) RETURNING "id"`;
    if (taken) return taken.id;
  } while ((await db().$queryRaw<{ id: string }[]>`${lost}`).length > 0);
  return null;
}

const toRow = (row: Omit<SubtaskRow, "state"> & { state: string }): SubtaskRow => ({
  ...row,
  state: row.state as SubtaskState,
});

/** As it stands now; null when it was deleted with its chat. */
export async function subtask(id: string): Promise<SubtaskRow | null> {
  const row = await db().subtask.findUnique({ where: { id }, select });
  return row && toRow(row);
}

/** What changes with each of its steps; null when it is gone. */
export function subtaskVersion(id: string): Promise<{ version: number; state: string } | null> {
  return db().subtask.findUnique({ where: { id }, select: { version: true, state: true } });
}

/** The run of this generation is known. */
export async function nameRun({ id, generation }: SubtaskRef, runId: string): Promise<void> {
  await db().subtask.updateMany({ where: { id, generation }, data: { runId } });
}

/** Another run may be started, since the one of this generation died. False: somebody else has seen to that. */
export async function nextGeneration({ id, generation }: SubtaskRef): Promise<boolean> {
  const { count } = await db().subtask.updateMany({
    where: { id, generation, state: "running" },
    data: { generation: generation + 1, runId: null, begun: false, version: { increment: 1 } },
  });
  return count > 0;
}

/** What a run is to do, and for whom. */
export type ClaimedSubtask = {
  chatId: string;
  userId: string;
  model: string | null;
  input: unknown;
  progress: unknown;
  startedAt: Date;
};

/** Begins a run, or goes on with it. Null when it is not wanted any more. */
export async function claimSubtask(ref: SubtaskRef, runId: string): Promise<ClaimedSubtask | null> {
  const { id, generation } = ref;
  const { count } = await db().subtask.updateMany({
    where: { id, generation, state: "running", chat: { user: { disabledAt: null } } },
    data: { runId, begun: true, version: { increment: 1 } },
  });
  if (count === 0) return null;
  const row = await db().subtask.findUnique({
    where: { id },
    include: { chat: { select: { userId: true } } },
  });
  if (!row) return null;
  const { chatId, model, input, progress, createdAt, chat } = row;
  return { chatId, userId: chat.userId, model, input, progress, startedAt: createdAt };
}

/** Whether this run is still the one that is wanted. */
export async function isWanted({ id, generation }: SubtaskRef): Promise<boolean> {
  const where = { id, generation, state: "running" };
  return (await db().subtask.count({ where })) > 0;
}

type Change = { progress: unknown } | { state: "done"; output: unknown } | { state: "failed"; error: string };

/** Stores a step of a run. False when the run is not wanted any more: then nothing is stored. */
export async function writeSubtask({ id, generation }: SubtaskRef, change: Change): Promise<boolean> {
  const json = (value: unknown) => storableJson(value) as Prisma.InputJsonValue;
  const data =
    "progress" in change
      ? { progress: json(change.progress) }
      : change.state === "done"
        ? { state: change.state, output: json(change.output), progress: Prisma.DbNull }
        : { state: change.state, error: storableText(change.error) };
  const { count } = await db().subtask.updateMany({
    where: { id, generation, state: "running" },
    data: { ...data, version: { increment: 1 } },
  });
  return count > 0;
}

/** One that its person has stopped; answers its run, which is to be cancelled. */
export async function stopSubtask(id: string): Promise<string[]> {
  const rows = await db().$queryRaw<{ runId: string | null }[]>`
    UPDATE "Subtask" SET "state" = 'stopped', "version" = "version" + 1
     WHERE "id" = ${id} AND "state" = 'running' RETURNING "runId"`;
  return rows.flatMap(({ runId }) => runId ?? []);
}

/**
 * The turn is over, or another one begins: what was asked for in the chat is not taken over any more, and what still
 * runs ends. `but`: the message whose lost answer is made anew. Answers runs that are to be cancelled.
 */
export async function settleSubtasks(chatId: string, but: string | null): Promise<string[]> {
  const rows = await db().$queryRaw<{ runId: string | null; state: string }[]>`
    UPDATE "Subtask" SET "turnEnded" = true, "version" = "version" + 1,
           "state" = CASE "state" WHEN 'running' THEN 'stopped' ELSE "state" END
     WHERE "chatId" = ${chatId} AND NOT "turnEnded" AND "askedId" IS DISTINCT FROM ${but}
     RETURNING "runId", "state"`;
  return rows.flatMap(({ runId, state }) => (state === "stopped" && runId ? [runId] : []));
}
