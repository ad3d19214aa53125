import type { StreamFacts } from "./chat-facts.ts";
import { html, type Html } from "./html.ts";
import { address } from "./parts.ts";
import type { StreamRecord } from "../wire/records.ts";
import { isCommand, tokenHeader } from "../wire/session-records.ts";
import { ago, clock, count, size } from "./words.ts";

export const streamAddress = (
  name: string,
  query: Record<string, string | number | undefined> = {},
): string => address("/inspect/stream", { name, ...query });

/** One stream in a list. */
export function streamLine({ name, first, next, bytes, at }: StreamFacts): Html {
  return html`<li>
    <a class="id" href="${streamAddress(name)}">${name}</a>
    <span
      >${count(next - first, "record")}${first > 0 && html` <span class="quiet">(${first} before them trimmed)</span>`},
      ${size(bytes)}</span
    >
    <span class="end">${at && ago(at)}</span>
  </li>`;
}

/** One record: its number, time, headers and size. Its body only when `body`; `link` is where it is shown. */
export function recordLine(record: StreamRecord, options: { shown: boolean; link: string }): Html {
  return html`<li id="record-${record.seqNum}">
    <span class="num">${record.seqNum}</span>
    <span class="num">${clock(new Date(record.timestamp))}</span>
    <span class="id">${headersOf(record)}</span>
    <span class="end"
      >${size(Buffer.byteLength(record.body))}
      ${record.body !== "" && html`<a href="${options.link}">${options.shown ? "hide" : "show"}</a>`}</span
    >
    ${options.shown && html`<pre id="body-${record.seqNum}">${pretty(record.body)}</pre>`}
  </li>`;
}

function headersOf(record: StreamRecord): string {
  if (isCommand(record)) return `command: ${record.headers[0]?.[1] ?? ""}`;
  return record.headers
    .map(([name, value]) => `${name}: ${name === tokenHeader ? "(a token)" : value}`)
    .join(", ");
}

/** JSON with its lines; the input of a chat is JSON inside of JSON. */
function pretty(body: string): string {
  const value = parsed(body);
  if (typeof value !== "object" || value === null) return body;
  if (!("data" in value) || typeof value.data !== "string") return JSON.stringify(value, null, 2);
  return JSON.stringify({ ...value, data: parsed(value.data) ?? value.data }, null, 2);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
