import { readTree } from "#app/models/branch.server.ts";
import { db, type Transaction } from "#app/models/db.server.ts";
import type { Summary } from "#app/shared/summary.ts";

const fields = { throughId: true, text: true, messages: true } as const;

/** The one that reaches furthest along `path`, ids of a branch from its beginning; null when there is none. */
export async function furthestSummary(chatId: string, path: readonly string[]): Promise<Summary | null> {
  return furthest(await db().summary.findMany({ where: { chatId }, select: fields }), path);
}

/** The one of the branch on screen; null when there is none. */
export async function summaryOnScreen(
  tx: Transaction,
  chat: { id: string; headMessageId: string | null },
): Promise<Summary | null> {
  const found = await tx.summary.findMany({ where: { chatId: chat.id }, select: fields });
  if (found.length === 0) return null;
  return furthest(found, (await readTree(tx, chat)).path());
}

function furthest(found: readonly Summary[], path: readonly string[]): Summary | null {
  const places = new Map(path.map((id, index) => [id, index]));
  const onPath = found.filter(({ throughId }) => places.has(throughId));
  return onPath.reduce<Summary | null>((best, one) => {
    const further = best === null || (places.get(one.throughId) ?? 0) > (places.get(best.throughId) ?? 0);
    return further ? one : best;
  }, null);
}

/** Keeps it unless there is one for the same messages. A chat that was deleted meanwhile keeps none. */
export async function keepSummary(chatId: string, summary: Summary & { model: string }): Promise<void> {
  const { throughId, text, messages, model } = summary;
  await db().$executeRaw`
    INSERT INTO "Summary" ("chatId", "throughId", "text", "messages", "model")
    SELECT c."id", ${throughId}, ${text}, ${messages}, ${model} FROM "Chat" c WHERE c."id" = ${chatId}
    ON CONFLICT DO NOTHING`;
}
