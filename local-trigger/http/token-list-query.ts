import { z } from "zod";
import { TOKEN_STATUSES, type TokenFilter } from "../runs/token-list.ts";
import { commaList, listQuery, spanAndPage, spanAndPageOf } from "./list-query.ts";

const query = {
  "filter[status]": commaList.pipe(z.array(z.enum(TOKEN_STATUSES)).optional()),
  "filter[tags]": commaList,
  "filter[idempotencyKey]": z.string().optional(),
  ...spanAndPage,
};

/** What `wait.listTokens` asks for; 400 names what is wrong. */
export function tokenListQuery(params: URLSearchParams): TokenFilter {
  const given = listQuery(params, query);
  return {
    statuses: given["filter[status]"],
    tags: given["filter[tags]"],
    idempotencyKey: given["filter[idempotencyKey]"],
    ...spanAndPageOf(given),
  };
}
