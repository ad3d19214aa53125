import type { Tx } from "../database.ts";
import { TIMED_OUT, type Waitpoint } from "./waitpoint.ts";
import { WAITPOINT_COLUMNS } from "./waitpoint-store.ts";

export const TOKEN_STATUSES = ["WAITING", "COMPLETED", "TIMED_OUT"] as const;
type TokenStatus = (typeof TOKEN_STATUSES)[number];

export type TokenFilter = {
  statuses?: TokenStatus[] | undefined;
  /** Tokens that carry one of these. */
  tags?: string[] | undefined;
  idempotencyKey?: string | undefined;
  /** Created within these moments, both included. */
  from?: Date | undefined;
  to?: Date | undefined;
  /** The token after which (older) or before which (newer) the page begins. */
  after?: string | undefined;
  before?: string | undefined;
  limit: number;
};

export type TokenPage = { tokens: Waitpoint[]; next?: string; previous?: string };

/** One page of the tokens (waitpoints that no run made for itself), newest first; none beside a cursor that is unknown. */
export async function listTokens(db: Pick<Tx, "query">, filter: TokenFilter): Promise<TokenPage> {
  const backwards = filter.after === undefined && filter.before !== undefined;
  const [direction, comparison] = backwards ? ["ASC", ">"] : ["DESC", "<"];
  const { rows } = await db.query<Waitpoint>(
    `SELECT ${WAITPOINT_COLUMNS} FROM local_trigger.waitpoints w
     WHERE run_id IS NULL
       AND ($1::text IS NULL OR (created_at, id) ${comparison}
         (SELECT c.created_at, c.id FROM local_trigger.waitpoints c WHERE c.id = $1))
       AND ($2::text[] IS NULL OR CASE WHEN status = 'PENDING' THEN 'WAITING'
         WHEN output_is_error AND output = $8 THEN 'TIMED_OUT' ELSE 'COMPLETED' END = ANY ($2))
       AND ($3::text[] IS NULL OR tags && $3) AND ($4::text IS NULL OR idempotency_key = $4)
       AND ($5::timestamptz IS NULL OR created_at >= $5) AND ($6::timestamptz IS NULL OR created_at <= $6)
     ORDER BY created_at ${direction}, id ${direction} LIMIT $7`,
    [
      filter.after ?? filter.before ?? null,
      filter.statuses ?? null,
      filter.tags ?? null,
      filter.idempotencyKey ?? null,
      filter.from ?? null,
      filter.to ?? null,
      filter.limit + 1,
      TIMED_OUT.output,
    ],
  );
  return page(rows, filter, backwards);
}

function page(rows: Waitpoint[], filter: TokenFilter, backwards: boolean): TokenPage {
  const tokens = rows.slice(0, filter.limit);
  if (backwards) tokens.reverse();
  const more = rows.length > filter.limit;
  const [first, last] = [tokens[0]?.id, tokens.at(-1)?.id];
  return {
    tokens,
    ...((backwards || more) && last !== undefined ? { next: last } : {}),
    ...((backwards ? more : filter.after !== undefined) && first !== undefined ? { previous: first } : {}),
  };
}
