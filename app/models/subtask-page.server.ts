import { db, transaction, type Transaction } from "#app/models/db.server.ts";
import type { SubtaskRef } from "#app/models/subtask.server.ts";
import { storableText } from "#app/models/storable.ts";
import type { PageState } from "#app/shared/subtasks.ts";

export type PageRow = {
  url: string;
  position: number;
  depth: number;
  state: PageState;
  foundUrl: string | null;
  title: string | null;
  text: string | null;
  chars: number;
  notes: string | null;
  reason: string | null;
};

const columns = {
  url: true,
  position: true,
  depth: true,
  state: true,
  foundUrl: true,
  title: true,
  chars: true,
  notes: true,
  reason: true,
} as const;

/** The pages of a research in the order in which they were found, without their texts. */
export async function pagesOf(subtaskId: string): Promise<Omit<PageRow, "text">[]> {
  const where = { subtaskId };
  const rows = await db().subtaskPage.findMany({ where, select: columns, orderBy: { position: "asc" } });
  return rows.map((row) => ({ ...row, state: row.state as PageState }));
}

/** The text of a page that was fetched and waits to be read. */
export async function textOfPage(subtaskId: string, url: string): Promise<string | null> {
  const row = await db().subtaskPage.findUnique({
    where: { subtaskId_url: { subtaskId, url } },
    select: { text: true },
  });
  return row?.text ?? null;
}

/** Adds pages that are not known yet, as far as there is room for `most` in all. False when the run is not wanted. */
export async function addPages(
  ref: SubtaskRef,
  found: { url: string; depth: number; title: string | null }[],
  most: number,
): Promise<boolean> {
  return transaction(async (tx) => {
    if (!(await bump(tx, ref))) return false;
    const known = await tx.subtaskPage.findMany({
      where: { subtaskId: ref.id },
      select: { url: true, foundUrl: true },
    });
    const urls = new Set(known.flatMap(({ url, foundUrl }) => [url, foundUrl ?? url]));
    const fresh = found
      .filter(({ url }) => !urls.has(url) && urls.add(url))
      .slice(0, Math.max(0, most - known.length));
    const data = fresh.map(({ url, depth, title }, index) => ({
      subtaskId: ref.id,
      url: storableText(url),
      depth,
      title: title === null ? null : storableText(title),
      position: known.length + index,
    }));
    if (data.length > 0) await tx.subtaskPage.createMany({ data });
    return true;
  });
}

type PageChange = Partial<Omit<PageRow, "url" | "position" | "depth">>;

/** Stores how a page stands now. False when the run is not wanted any more: then nothing is stored. */
export async function writePage(ref: SubtaskRef, url: string, change: PageChange): Promise<boolean> {
  const data = Object.fromEntries(
    Object.entries(change).map(([name, value]) => [
      name,
      typeof value === "string" ? storableText(value) : value,
    ]),
  );
  return transaction(async (tx) => {
    if (!(await bump(tx, ref))) return false;
    await tx.subtaskPage.updateMany({ where: { subtaskId: ref.id, url }, data });
    return true;
  });
}

/** Holds the row until the end of the transaction: who sees the new version sees the page as well. */
async function bump(tx: Transaction, { id, generation }: SubtaskRef): Promise<boolean> {
  const { count } = await tx.subtask.updateMany({
    where: { id, generation, state: "running" },
    data: { version: { increment: 1 } },
  });
  return count > 0;
}
