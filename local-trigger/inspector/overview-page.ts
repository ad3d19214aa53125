import type { TimerKind } from "../runs/timers.ts";
import { newestWorker } from "../runs/worker-store.ts";
import { findSession } from "../sessions/session-store.ts";
import {
  badRuns,
  liveRuns,
  nextTimers,
  readOverview,
  readRunFacts,
  type DueTimer,
  type Overview,
} from "./engine-facts.ts";
import { html, type Html } from "./html.ts";
import type { PageMaker, PageRequest } from "./inspector.ts";
import { facts, reasonLine, runLink, sessionLink, stateMark } from "./parts.ts";
import { readChatFacts } from "./chat-facts.ts";
import { whyChat, whyRun } from "./why.ts";
import type { RunRow } from "../runs/run-rows.ts";
import { ago, count } from "./words.ts";

const shownRuns = 25;

/** Who is there, what waits for what, what is due, what went wrong. */
export const overviewPage: PageMaker = async (request) => {
  const { runs } = request.deps;
  const [overview, worker, live, bad, timers] = await Promise.all([
    readOverview(runs),
    newestWorker(runs.db),
    liveRuns(runs.db, shownRuns),
    badRuns(runs.db, 5),
    nextTimers(runs.db, 10),
  ]);
  const lines = await Promise.all(live.map((run) => liveLine(request, run, overview)));
  const body = html`<div id="overview" data-live>
    <h1>Overview</h1>
    <p class="why ${overview.worker === "absent" && "bad"}">${workerWords[overview.worker]}</p>
    ${facts([
      ["Executing", `${overview.executing} of ${overview.slots} at most`],
      ["Waiting", String(overview.waiting)],
      [
        "Queued",
        overview.queued === 0 ? "0" : html`${overview.queued}, the oldest ${ago(overview.oldestQueued)}`,
      ],
      ["Delayed or to be retried", String(overview.delayed)],
      ["Open sessions", html`<a href="/inspect/sessions">${overview.sessions}</a>`],
      [
        "Task code",
        worker && html`${worker.version}, ${count(worker.tasks.length, "task")}, ${ago(worker.createdAt)}`,
      ],
    ])}
    <h2>Runs that live</h2>
    ${list("two", lines, "No run lives: nothing is being answered, and nobody waits.")}
    ${live.length === shownRuns && html`<p><a href="/inspect/runs?state=live">All runs that live</a></p>`}
    <h2>Due next</h2>
    ${list("two", timers.map(timerLine), "No timer is set.")}
    <h2>Last that went wrong</h2>
    ${list(
      "two",
      bad.map((run) => badLine(run)),
      "Nothing did.",
    )}
  </div>`;
  return { title: "Overview", section: "overview", body, source: "/inspect/live" };
};

const workerWords: Record<Overview["worker"], string> = {
  asking: "A worker is connected and takes runs.",
  busy: "A worker is connected. It takes no more runs now: all its processes are busy.",
  absent:
    "No worker is connected, so nothing runs. npm start starts one; its log (worker.log) tells why it is not there.",
};

async function liveLine(request: PageRequest, run: RunRow, overview: Overview): Promise<Html> {
  const { runs, streams } = request.deps;
  const session = run.sessionId === null ? null : await findSession(runs.db, run.sessionId);
  const runFacts = await readRunFacts(runs.db, run);
  const isCurrent = session?.currentRunId === run.id;
  const reason =
    session && isCurrent
      ? whyChat(await readChatFacts(streams, session), runFacts, overview)
      : whyRun(runFacts, overview);
  return html`<li>
    <span>${session ? sessionLink(session) : run.taskIdentifier}</span>
    ${reasonLine(reason)}
    <span class="end">${stateMark(run)} <a href="/inspect/runs/${run.id}">run</a></span>
  </li>`;
}

const timerWords: Record<TimerKind, string> = {
  resume: "a run goes on",
  enqueue: "a run is queued (its delay or back-off is over)",
  expire: "a run that was not started expires",
  cancel: "a run is cancelled with its parent",
  "cancel-overdue": "a cancelled run is ended without its worker",
  waitpoint: "a wait is over",
  metadata: "a run's metadata is written to its parent",
  finished: "a session is told again that its run has ended",
  schedule: "a schedule's next tick",
};

function timerLine({ kind, subject, fireAt, runId }: DueTimer): Html {
  return html`<li>
    <span>${timerWords[kind]}</span>
    <span>${runId ? runLink(runId) : html`<span class="id">${subject}</span>`}</span>
    <span class="end">${ago(fireAt)}</span>
  </li>`;
}

function badLine(run: RunRow): Html {
  return html`<li>
    <span>${runLink(run.id)}</span>
    <span>${run.taskIdentifier}, attempt ${run.attempt}</span>
    <span class="end">${stateMark(run)} ${ago(run.completedAt)}</span>
  </li>`;
}

function list(kind: string, lines: Html[], none: string): Html {
  if (lines.length === 0) return html`<p class="quiet">${none}</p>`;
  return html`<ul class="rows ${kind}">
    ${lines}
  </ul>`;
}
