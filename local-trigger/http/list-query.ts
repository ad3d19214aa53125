import { z } from "zod";
import { durationMs } from "../runs/duration.ts";
import { badRequest } from "./errors.ts";

const PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 100;

/** "a,b" */
export const commaList = z
  .string()
  .optional()
  .transform((text) => text?.split(",").filter(Boolean));

const moment = z.coerce
  .number()
  .transform((ms) => new Date(ms))
  .optional();

/** How the SDK's lists ask for a span of time and a page. */
export const spanAndPage = {
  "filter[createdAt][from]": moment,
  "filter[createdAt][to]": moment,
  "filter[createdAt][period]": z.string().optional(),
  "page[after]": z.string().optional(),
  "page[before]": z.string().optional(),
  "page[size]": z.coerce.number().int().positive().catch(PAGE_SIZE).default(PAGE_SIZE),
};
type SpanAndPage = z.infer<z.ZodObject<typeof spanAndPage>>;

/** The query of a list; 400 names what is wrong. */
export function listQuery<Shape extends z.ZodRawShape>(
  params: URLSearchParams,
  shape: Shape,
): z.infer<z.ZodObject<Shape>> {
  const parsed = z.object(shape).safeParse(Object.fromEntries(params));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badRequest(`${String(issue?.path[0])}: ${issue?.message}`);
}

export function spanAndPageOf(given: SpanAndPage) {
  return {
    from: given["filter[createdAt][from]"] ?? periodStart(given["filter[createdAt][period]"]),
    to: given["filter[createdAt][to]"],
    after: given["page[after]"],
    before: given["page[before]"],
    limit: Math.min(given["page[size]"], MAX_PAGE_SIZE),
  };
}

function periodStart(period: string | undefined): Date | undefined {
  if (period === undefined) return undefined;
  const ms = durationMs(period);
  if (ms === null) throw badRequest("filter[createdAt][period] is no duration such as 7d.");
  return new Date(Date.now() - ms);
}
