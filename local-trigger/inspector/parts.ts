import type { RunRow } from "../runs/run-rows.ts";
import { apiStatus, isFinalStatus } from "../runs/run-status.ts";
import { html, type Html } from "./html.ts";
import type { Reason } from "./why.ts";
import { isBad } from "./why.ts";
import { ago } from "./words.ts";

/** The state of a run in one word, as the API names it. */
function stateOf(run: RunRow): string {
  return run.executionStatus === "EXECUTING_WITH_WAITPOINTS" ? "WAITING" : apiStatus(run.status);
}

export function stateMark(run: RunRow): Html {
  return html`<span class="state ${isBad(run) ? "bad" : isFinalStatus(run.status) ? "quiet" : ""}"
    >${stateOf(run)}</span
  >`;
}

const tones = { calm: "quiet", busy: "", waits: "", bad: "bad" };

export function reasonLine({ text, tone, since }: Reason, big = false): Html {
  return html`<span class="${big ? "why " : ""}${tones[tone]}">${text}${since && [" ", ago(since)]}</span>`;
}

export function runLink(id: string): Html {
  return html`<a class="id" href="/inspect/runs/${id}">${id}</a>`;
}

export function sessionLink(session: { id: string; externalId?: string | null }): Html {
  return html`<a class="id" href="/inspect/sessions/${session.id}">${session.externalId ?? session.id}</a>`;
}

/** A list of facts; those without a value are left out. */
export function facts(pairs: [string, Html | string | number | null | undefined][]): Html {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">
    ${known.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function pageLinks(links: [string, string | undefined][]): Html | null {
  const there = links.filter((link): link is [string, string] => link[1] !== undefined);
  if (there.length === 0) return null;
  return html`<nav class="pages" aria-label="Pages of this list">
    ${there.map(([label, href]) => html`<a href="${href}">${label}</a>`)}
  </nav>`;
}

/** An address with those of the parameters that have a value. */
export function address(path: string, query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter((pair) => pair[1] !== undefined && pair[1] !== "");
  const params = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length === 0 ? path : `${path}?${params.toString()}`;
}
