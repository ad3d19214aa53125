import { html } from "./html.ts";
import type { PageMaker } from "./inspector.ts";
import { pageLinks } from "./parts.ts";
import { recordLine, streamAddress } from "./stream-parts.ts";
import { ago, count } from "./words.ts";

const pageSize = 50;

/** The records of one stream: the newest page, or the one that begins at `from`. */
export const streamPage: PageMaker = async ({ c, deps }) => {
  const name = c.url.searchParams.get("name") ?? "";
  const bounds = await deps.streams.bounds(name);
  if (bounds.next === 0) return null;
  const [wanted, before] = ["from", "before"].map((key) => number(c.url.searchParams.get(key)));
  const shown = number(c.url.searchParams.get("show"));
  const end = Math.min(before ?? bounds.next, bounds.next);
  const from = clamp(wanted ?? end - pageSize, bounds.first, end);
  const limit = wanted === undefined ? Math.max(1, end - from) : pageSize;
  const records = await deps.streams.read(name, { from, limit });
  const next = (records.at(-1)?.seqNum ?? from) + 1;
  const here = { from: wanted, before };
  const body = html`<div id="stream" data-live>
    <h1>Stream <span class="id">${name}</span></h1>
    <p class="quiet">
      ${count(bounds.next - bounds.first, "record")} can be read, numbers ${bounds.first} to
      ${bounds.next - 1}${bounds.first > 0 && "; those before were trimmed"}. Newest
      ${ago(new Date(bounds.timestamp))}.
    </p>
    <p class="quiet">Bodies hold people's words. They stay hidden until you ask for one.</p>
    <ul class="rows records">
      ${records.map((record) =>
        recordLine(record, {
          shown: record.seqNum === shown,
          link: streamAddress(name, { ...here, show: record.seqNum === shown ? undefined : record.seqNum }),
        }),
      )}
    </ul>
    ${pageLinks([
      ["Oldest", from > bounds.first ? streamAddress(name, { from: bounds.first }) : undefined],
      ["Before", from > bounds.first ? streamAddress(name, { before: from }) : undefined],
      ["After", next < bounds.next ? streamAddress(name, { from: next }) : undefined],
      ["Newest", next < bounds.next ? streamAddress(name) : undefined],
    ])}
  </div>`;
  const source = `/inspect/live?${new URLSearchParams({ stream: name }).toString()}`;
  return { title: "Stream", section: "sessions", body, source };
};

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}

function number(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
