import { z } from "zod";
import type { RunFilter } from "../runs/run-list.ts";
import { HttpError } from "./errors.ts";
import { commaList, listQuery, spanAndPage, spanAndPageOf } from "./list-query.ts";

const query = {
  "filter[status]": commaList,
  "filter[taskIdentifier]": commaList,
  "filter[tag]": commaList,
  "filter[version]": commaList,
  "filter[queue]": commaList,
  "filter[schedule]": z.string().optional(),
  "filter[batch]": z.string().optional(),
  "filter[isTest]": z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional(),
  ...spanAndPage,
};
/** Of things that are not here; without them the list would be another than the one asked for. */
const notServed = ["machine", "region", "bulkAction"];

/** What `runs.list` asks for; 400 names what is wrong. */
export function runListQuery(params: URLSearchParams): RunFilter {
  const unserved = notServed.find((name) => params.has(`filter[${name}]`));
  if (unserved)
    throw new HttpError(
      422,
      `local-trigger does not know a run's ${unserved}: list the runs without that filter.`,
    );
  const given = listQuery(params, query);
  return {
    statuses: given["filter[status]"],
    tasks: given["filter[taskIdentifier]"],
    tags: given["filter[tag]"],
    versions: given["filter[version]"],
    queues: given["filter[queue]"],
    schedule: given["filter[schedule]"],
    batch: given["filter[batch]"],
    isTest: given["filter[isTest]"],
    ...spanAndPageOf(given),
  };
}
