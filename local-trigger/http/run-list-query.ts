import { z } from "zod";
import { durationMs } from "../runs/duration.ts";
import type { RunFilter } from "../runs/run-list.ts";
import { badRequest } from "./errors.ts";

const PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 100;

const list = z
  .string()
  .optional()
  .transform((text) => text?.split(",").filter(Boolean));
const moment = z.coerce
  .number()
  .transform((ms) => new Date(ms))
  .optional();
const query = z.object({
  "filter[status]": list,
  "filter[taskIdentifier]": list,
  "filter[tag]": list,
  "filter[version]": list,
  "filter[queue]": list,
  "filter[schedule]": z.string().optional(),
  "filter[batch]": z.string().optional(),
  "filter[isTest]": z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional(),
  "filter[createdAt][from]": moment,
  "filter[createdAt][to]": moment,
  "filter[createdAt][period]": z.string().optional(),
  "page[after]": z.string().optional(),
  "page[before]": z.string().optional(),
  "page[size]": z.coerce.number().int().positive().catch(PAGE_SIZE).default(PAGE_SIZE),
});

/** What `runs.list` asks for; 400 names what is wrong. */
export function runListQuery(params: URLSearchParams): RunFilter {
  const parsed = query.safeParse(Object.fromEntries(params));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw badRequest(`${String(issue?.path[0])}: ${issue?.message}`);
  }
  const given = parsed.data;
  return {
    statuses: given["filter[status]"],
    tasks: given["filter[taskIdentifier]"],
    tags: given["filter[tag]"],
    versions: given["filter[version]"],
    queues: given["filter[queue]"],
    schedule: given["filter[schedule]"],
    batch: given["filter[batch]"],
    isTest: given["filter[isTest]"],
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
