import type { ListSessions } from "../wire/session-bodies.ts";
import type { Session } from "./session.ts";

export type Page = { sessions: Session[]; next?: string; previous?: string };

const periodUnits = { s: "seconds", m: "minutes", h: "hours", d: "days", w: "weeks" } as const;

/** One constant statement for every combination of filters; it asks for one row more than the page, to know whether there is a next one. */
export function listSql(columns: string, query: ListSessions): { text: string; values: unknown[] } {
  const backwards = query["page[before]"] !== undefined;
  const [direction, comparison] = backwards ? ["asc", ">"] : ["desc", "<"];
  const text = `
    select ${columns} from local_trigger.sessions s
    where ($1::text is null or (created_at, id) ${comparison}
        (select c.created_at, c.id from local_trigger.sessions c where c.id = $1))
      and ($2::text[] is null or type = any($2))
      and ($3::text[] is null or tags && $3)
      and ($4::text[] is null or task_identifier = any($4))
      and ($5::text is null or external_id = $5)
      and ($6::text[] is null or (case when closed_at is not null then 'CLOSED'
          when expires_at <= now() then 'EXPIRED' else 'ACTIVE' end) = any($6))
      and ($7::interval is null or created_at >= now() - $7::interval)
      and ($8::bigint is null or created_at >= to_timestamp($8 / 1000.0))
      and ($9::bigint is null or created_at <= to_timestamp($9 / 1000.0))
    order by created_at ${direction}, id ${direction} limit $10`;
  const values = [
    query["page[after]"] ?? query["page[before]"] ?? null,
    query["filter[type]"] ?? null,
    query["filter[tags]"] ?? null,
    query["filter[taskIdentifier]"] ?? null,
    query["filter[externalId]"] ?? null,
    query["filter[status]"] ?? null,
    interval(query["filter[createdAt][period]"]),
    query["filter[createdAt][from]"] ?? null,
    query["filter[createdAt][to]"] ?? null,
    query["page[size]"] + 1,
  ];
  return { text, values };
}

function interval(period: string | undefined): string | null {
  if (!period) return null;
  const unit = periodUnits[period.slice(-1) as keyof typeof periodUnits];
  return `${period.slice(0, -1)} ${unit}`;
}
