import { readTree } from "#app/models/branch.server.ts";
import type { Transaction } from "#app/models/db.server.ts";
import type { MessageTree } from "#app/models/message-tree.ts";

/** Which end of a branch is read. Messages are counted from the end; what is not on the branch is not found. */
export type BranchWindow = {
  /** So many messages at least, and no more unless `back` asks for them. */
  limit: number;
  /** The messages before this one; without it those up to the branch's end. */
  before?: string | undefined;
  /** Reach further, until this message is among them with `more` before it. */
  back?: { to: string; more: number } | undefined;
};

type Chat = { id: string; headMessageId: string | null };
type Step = { id: string; parent: string };

export type WindowPlaces = {
  ids: string[];
  /** Older ones come before the first. */
  earlier: boolean;
  /** `back.to` is among them. */
  reached: boolean;
  /** Of each of them that has others in its place: the ids of all of them, oldest first. */
  siblings: Record<string, readonly string[]>;
  /** Something follows the branch's end that is not on screen: it was taken back. */
  hasMore: boolean;
};

/** Nobody scrolls so far; a row that was changed by hand may lead back to itself. */
const FURTHEST = 20_000;

/**
 * The end of the branch on screen. It costs what the window holds, however long the chat is: only a chat with rows
 * that name no parent, or one that is not there, is read as a whole.
 */
export async function readWindow(tx: Transaction, chat: Chat, window: BranchWindow): Promise<WindowPlaces> {
  const { steps, head, whole } = await stepsBack(tx, chat, window);
  if (!whole) return fromTree(await readTree(tx, chat), window);
  const cut = cutWindow(
    steps.map(({ id }) => id),
    window,
  );
  const shown = steps.slice(0, cut.ids.length);
  const children = await childrenOf(tx, chat.id, [...shown.map(({ parent }) => parent), head]);
  return {
    ...cut,
    ids: cut.ids.reverse(),
    earlier: (shown.at(-1)?.parent ?? "") !== "",
    siblings: severalOf(shown.map(({ id, parent }) => [id, children.get(parent) ?? []])),
    hasMore: children.has(head),
  };
}

/** From the end of the branch, or from before `before`, back. `whole`: it leads where the tree would lead. */
async function stepsBack(
  tx: Transaction,
  chat: Chat,
  { limit, before, back }: BranchWindow,
): Promise<{ steps: Step[]; head: string; whole: boolean }> {
  const [row] = await tx.$queryRaw<{ loose: boolean; head: string | null; steps: Step[] | null }[]>`
    WITH RECURSIVE head AS (
      SELECT CASE WHEN ${chat.headMessageId}::text = '' THEN '' ELSE COALESCE(
        (SELECT "id" FROM "Message" WHERE "chatId" = ${chat.id} AND "id" = ${chat.headMessageId}),
        (SELECT "id" FROM "Message" WHERE "chatId" = ${chat.id} ORDER BY "position" DESC LIMIT 1)) END AS "id"
    ), start AS (
      SELECT CASE WHEN ${before ?? null}::text IS NULL THEN (SELECT "id" FROM head)
        ELSE (SELECT "parentId" FROM "Message" WHERE "chatId" = ${chat.id} AND "id" = ${before ?? null}) END AS "id"
    ), back AS (
      SELECT m."id", m."parentId", 1 AS "count", CASE WHEN m."id" = ${back?.to ?? null} THEN 0 END AS "past"
      FROM start JOIN "Message" m ON m."chatId" = ${chat.id} AND m."id" = start."id"
      UNION ALL
      SELECT m."id", m."parentId", back."count" + 1,
             CASE WHEN m."id" = ${back?.to ?? null} THEN 0 ELSE back."past" + 1 END
      FROM back JOIN "Message" m ON m."chatId" = ${chat.id} AND m."id" = back."parentId"
      WHERE back."count" < ${limit}
         OR (${back !== undefined} AND back."count" < ${FURTHEST} AND COALESCE(back."past", -1) < ${back?.more ?? 0})
    )
    SELECT EXISTS (SELECT 1 FROM "Message" WHERE "chatId" = ${chat.id} AND "parentId" IS NULL) AS "loose",
           (SELECT "id" FROM head) AS "head",
           (SELECT json_agg(json_build_object('id', "id", 'parent', COALESCE("parentId", '')) ORDER BY "count")
            FROM back) AS "steps"`;
  const steps = row?.steps ?? [];
  const last = steps.at(-1);
  const lost = back !== undefined && !steps.some(({ id }) => id === back.to);
  const broken = last !== undefined && last.parent !== "" && steps.length < (lost ? FURTHEST : limit);
  return { steps, head: row?.head ?? "", whole: !row?.loose && !broken };
}

/** `path` from its end back. */
function cutWindow(path: string[], { limit, back }: BranchWindow): { ids: string[]; reached: boolean } {
  const place = back ? path.indexOf(back.to) : -1;
  const reached = place !== -1;
  return { ids: path.slice(0, reached ? Math.max(limit, place + 1 + (back?.more ?? 0)) : limit), reached };
}

/** What follows each of these, oldest first; '' stands for what a branch may begin with. */
async function childrenOf(
  tx: Transaction,
  chatId: string,
  parents: string[],
): Promise<Map<string, readonly string[]>> {
  const rows = await tx.$queryRaw<{ parentId: string; ids: string[] }[]>`
    SELECT "parentId", array_agg("id" ORDER BY "position") AS "ids" FROM "Message"
    WHERE "chatId" = ${chatId} AND "parentId" = ANY (${parents}::text[]) GROUP BY "parentId"`;
  return new Map(rows.map(({ parentId, ids }) => [parentId, ids]));
}

function severalOf(places: [string, readonly string[]][]): WindowPlaces["siblings"] {
  return Object.fromEntries(places.filter(([, ids]) => ids.length > 1));
}

function fromTree(tree: MessageTree, window: BranchWindow): WindowPlaces {
  const { before } = window;
  const path = before === undefined ? tree.path() : tree.has(before) ? tree.path(before).slice(0, -1) : [];
  const { ids, reached } = cutWindow(path.reverse(), window);
  const first = ids.at(-1);
  return {
    ids: ids.reverse(),
    reached,
    earlier: first !== undefined && tree.parentOf(first) !== null,
    siblings: severalOf(ids.map((id) => [id, tree.childrenOf(tree.parentOf(id))])),
    hasMore: tree.childrenOf(tree.head).length > 0,
  };
}
