import { relatedRuns } from "../runs/run-list.ts";
import { metadataOf } from "../runs/run-notes.ts";
import { isFinalStatus } from "../runs/run-status.ts";
import type { RunRow } from "../runs/run-rows.ts";
import { findRun } from "../runs/run-store.ts";
import type { Waitpoint } from "../runs/waitpoint.ts";
import { blockersOf } from "../runs/waitpoint-store.ts";
import { findSession } from "../sessions/session-store.ts";
import { readChatFacts, readStreams } from "./chat-facts.ts";
import { readOverview, readRunFacts, runSteps, type RunStep } from "./engine-facts.ts";
import { html, type Html } from "./html.ts";
import type { PageMaker, PageRequest } from "./inspector.ts";
import { facts, reasonLine, runLink, sessionLink, stateMark } from "./parts.ts";
import { readRunLog } from "./run-log.ts";
import { streamLine } from "./stream-parts.ts";
import { whyChat, whyRun } from "./why.ts";
import { ago, clock, duration, size } from "./words.ts";

const shownSteps = 200;

/** One run: why it is where it is, what it went through, what it waits for, what it printed. */
export const runPage: PageMaker = async (request) => {
  const { c, deps, signIn } = request;
  const { db } = deps.runs;
  const run = await findRun(db, c.params["run"] ?? "");
  if (!run) return null;
  const [steps, blockers, related, streams, log] = await Promise.all([
    runSteps(db, run.id, shownSteps),
    blockersOf(db, run.id),
    relatedRuns(db, run),
    readStreams(db, `runs/${run.id}/`),
    readRunLog(deps.runLogsDir, run.id),
  ]);
  const kin = [
    ...(related.parent
      ? [
          html`<li>
            <span>Parent</span>${runLink(related.parent.id)}<span class="end"
              >${stateMark(related.parent)}</span
            >
          </li>`,
        ]
      : []),
    ...related.children.map(
      (child) =>
        html`<li>
          <span>Child, ${child.taskIdentifier}</span>${runLink(child.id)}<span class="end"
            >${stateMark(child)}</span
          >
        </li>`,
    ),
  ];
  const body = html`<div id="run" data-live>
      <h1>Run <span class="id">${run.id}</span></h1>
      <p>${stateMark(run)} ${await reasonFor(request, run)}</p>
      ${await factsOf(request, run)} ${errorOf(run)}
      ${blockers.length > 0 && section("Waits for", "two", blockers.map(blockerLine))}
      ${section(
        "What it went through (UTC)",
        "steps",
        steps.map((step, index) => stepLine(step, steps[index + 1], run)),
      )}
      ${kin.length > 0 && section("Related runs", "two", kin)}
      ${streams.length > 0 && section("Its streams", "two", streams.map(streamLine))} ${metadataBlock(run)}
      ${logOf(log, deps.runLogsDir)}
    </div>
    ${
      !isFinalStatus(run.status) &&
      html`<form method="post" action="/inspect/runs/${run.id}/cancel">
        <input type="hidden" name="token" value="${deps.access.formToken(signIn)}" />
        <button>Cancel this run</button>
      </form>`
    }`;
  return { title: `Run ${run.id}`, section: "runs", body, source: `/inspect/live?run=${run.id}` };
};

async function reasonFor({ deps }: PageRequest, run: RunRow): Promise<Html> {
  const { runs, streams } = deps;
  const [overview, runFacts] = await Promise.all([readOverview(runs), readRunFacts(runs.db, run)]);
  const session = run.sessionId === null ? null : await findSession(runs.db, run.sessionId);
  if (isFinalStatus(run.status) || session?.currentRunId !== run.id)
    return reasonLine(whyRun(runFacts, overview), true);
  return reasonLine(whyChat(await readChatFacts(streams, session), runFacts, overview), true);
}

async function factsOf({ deps }: PageRequest, run: RunRow): Promise<Html> {
  const session = run.sessionId === null ? null : await findSession(deps.runs.db, run.sessionId);
  const between = (from: Date | null, to: Date | null) =>
    from && to ? duration(to.getTime() - from.getTime()) : null;
  return facts([
    ["Task", run.taskIdentifier],
    ["Session", session && sessionLink(session)],
    [
      "Attempt",
      run.maxAttempts === null ? String(run.attempt) : `${run.attempt} of ${run.maxAttempts} at most`,
    ],
    ["Task code", run.version],
    ["Created", ago(run.createdAt)],
    ["Waited to start", between(run.queuedAt ?? run.createdAt, run.startedAt)],
    ["Lived", between(run.startedAt, run.completedAt ?? new Date())],
    ["Computed", run.usageDurationMs > 0 ? duration(run.usageDurationMs) : null],
    ["Delayed until", run.delayUntil && clock(run.delayUntil)],
    ["Must start within", run.ttl],
    ["Payload", size(Buffer.byteLength(run.payload))],
    ["Output", run.output === null ? null : size(Buffer.byteLength(run.output))],
    ["Tags", run.tags.join(", ")],
    ["Cancelled because", run.cancelReason],
  ]);
}

function errorOf({ error }: RunRow): Html | null {
  if (!error) return null;
  return html`<h2>Error</h2>
    <pre id="error">${JSON.stringify(error, null, 2)}</pre>`;
}

function metadataBlock(run: RunRow): Html | null {
  const metadata = metadataOf(run);
  if (metadata === undefined || metadata === null || Object.keys(metadata).length === 0) return null;
  return html`<details id="metadata">
    <summary>Metadata</summary>
    <pre id="metadata-text">${JSON.stringify(metadata, null, 2)}</pre>
  </details>`;
}

function stepLine(step: RunStep, next: RunStep | undefined, run: RunRow): Html {
  const until = next?.createdAt ?? (run.completedAt ? null : new Date());
  return html`<li>
    <span class="num">${clock(step.createdAt)}</span>
    <span class="quiet">${step.attempt > 0 && `attempt ${step.attempt}`}</span>
    <span>${step.executionStatus} <span class="quiet">${step.description}</span></span>
    <span class="end num">${until && duration(until.getTime() - step.createdAt.getTime())}</span>
  </li>`;
}

function blockerLine(waitpoint: Waitpoint): Html {
  const { stream, afterSeq, childRunId, completedAfter, timeoutAt, status } = waitpoint;
  const what = childRunId
    ? html`the end of ${runLink(childRunId)}`
    : stream !== null
      ? html`a record after ${afterSeq ?? "the start"} on <span class="id">${stream}</span>`
      : completedAfter
        ? html`${ago(completedAfter)}`
        : html`a token`;
  return html`<li>
    <span class="id">${waitpoint.id}</span>
    <span>${what}${timeoutAt && html`, at most until ${clock(timeoutAt)}`}</span>
    <span class="end">${status === "PENDING" ? html`since ${ago(waitpoint.createdAt)}` : "complete"}</span>
  </li>`;
}

function logOf(log: { text: string; before: number } | null, folder: string | undefined): Html {
  if (folder === undefined)
    return html`<h2>Log</h2>
      <p class="quiet">Set RUN_LOGS_DIR to the worker host's folder of run logs to see it here.</p>`;
  if (!log)
    return html`<h2>Log</h2>
      <p class="quiet">
        None is kept: the run has not begun, printed nothing, or is one of the older ones.
      </p>`;
  return html`<details id="log">
    <summary>
      Log: the last ${size(Buffer.byteLength(log.text))}${log.before > 0 && `, after ${size(log.before)}`}
    </summary>
    <pre id="log-text">${log.text === "" ? "It has printed nothing." : log.text}</pre>
  </details>`;
}

function section(title: string, kind: string, lines: Html[]): Html {
  return html`<h2>${title}</h2>
    <ul class="rows ${kind}">
      ${lines}
    </ul>`;
}
