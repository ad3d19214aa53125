import { listRuns } from "../runs/run-list.ts";
import type { RunRow } from "../runs/run-rows.ts";
import { RUN_STATUSES, apiStatus, isFinalStatus } from "../runs/run-status.ts";
import { knownTasks } from "./engine-facts.ts";
import { html, Html } from "./html.ts";
import type { PageMaker } from "./inspector.ts";
import { address, pageLinks, runLink, stateMark } from "./parts.ts";
import { ago, duration } from "./words.ts";

const pageSize = 30;
const allStates = [...new Set(RUN_STATUSES.map(apiStatus)), "WAITING"];
const groups: Record<string, string[]> = {
  live: [...new Set(RUN_STATUSES.filter((status) => !isFinalStatus(status)).map(apiStatus)), "WAITING"],
  failed: ["FAILED", "CRASHED", "SYSTEM_FAILURE", "TIMED_OUT"],
};

/** All runs, newest first, by state and task. */
export const runsPage: PageMaker = async ({ c, deps }) => {
  const query = (name: string) => c.url.searchParams.get(name)?.trim() || undefined;
  const [state, task, after, before] = [query("state"), query("task"), query("after"), query("before")];
  const filter = {
    limit: pageSize,
    ...(state === undefined ? {} : { statuses: groups[state] ?? [state] }),
    ...(task === undefined ? {} : { tasks: [task] }),
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
  };
  const [{ runs, hasMore }, tasks] = await Promise.all([
    listRuns(deps.runs.db, filter),
    knownTasks(deps.runs.db),
  ]);
  const backwards = before !== undefined && after === undefined;
  const link = (place: Record<string, string | undefined>) =>
    address("/inspect/runs", { state, task, ...place });
  const newer = backwards ? hasMore : after !== undefined;
  const older = backwards ? runs.length > 0 : hasMore;
  const body = html`<h1>Runs</h1>
    <form class="filter" method="get" action="/inspect/runs">
      <label>State ${select("state", state, ["live", "failed", ...allStates], "every state")}</label>
      <label>Task ${select("task", task, tasks, "every task")}</label>
      <button>Show</button>
    </form>
    <div id="runs" data-live>
      ${runs.length === 0 && html`<p class="quiet">No run is like that.</p>`}
      <ul class="rows two">
        ${runs.map(runLine)}
      </ul>
      ${pageLinks([
        ["Newer", newer && runs[0] ? link({ before: runs[0].id }) : undefined],
        ["Older", older ? link({ after: runs.at(-1)?.id }) : undefined],
      ])}
    </div>`;
  return { title: "Runs", section: "runs", body, source: "/inspect/live" };
};

/** One run in a list. */
export function runLine(run: RunRow): Html {
  const until = run.completedAt ?? new Date();
  const took = run.startedAt && duration(until.getTime() - run.startedAt.getTime());
  return html`<li>
    <span>${runLink(run.id)}</span>
    <span
      >${stateMark(run)} ${run.taskIdentifier}<span class="quiet"
        >${run.attempt > 1 && `, attempt ${run.attempt}`}</span
      ></span
    >
    <span class="end">${took && html`<span class="num">${took}</span> · `}${ago(run.createdAt)}</span>
  </li>`;
}

function select(name: string, chosen: string | undefined, values: string[], all: string): Html {
  return html`<select name="${name}">
    <option value="">${all}</option>
    ${values.map(
      (value) => html`<option value="${value}" ${value === chosen && new Html("selected")}>${value}</option>`,
    )}
  </select>`;
}
