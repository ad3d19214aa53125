import type { Database } from "../database.ts";
import { RUN_COLUMNS, type RunRow } from "../runs/run-rows.ts";
import { findSession } from "../sessions/session-store.ts";
import type { Session } from "../sessions/session.ts";
import { headerOf, inEventIdHeader, turnCompleteHeader } from "../wire/session-records.ts";
import { sessionKey, sessionStream, type Direction } from "../wire/stream-names.ts";
import { streamsOfSession } from "./chat-facts.ts";
import { readOverview } from "./engine-facts.ts";
import { html, type Html } from "./html.ts";
import type { InspectorDeps, PageMaker } from "./inspector.ts";
import { address, facts, pageLinks, reasonLine, runLink } from "./parts.ts";
import { runLine } from "./runs-page.ts";
import { whySession } from "./sessions-page.ts";
import { recordLine, streamAddress, streamLine } from "./stream-parts.ts";
import { ago } from "./words.ts";

const tail = 12;
const pageSize = 20;

/** One session: why it waits, its runs, and the ends of its two streams. */
export const sessionPage: PageMaker = async ({ c, deps }) => {
  const { db } = deps.runs;
  const session = await findSession(db, c.params["session"] ?? "");
  if (!session) return null;
  const before = Number(c.url.searchParams.get("before") ?? "") || null;
  const [reason, runs, streams, cursors, input, output] = await Promise.all([
    readOverview(deps.runs).then((overview) => whySession(deps, session, overview)),
    runsOf(db, session.id, before),
    streamsOfSession(db, session),
    cursorsOf(deps, session),
    records(deps, session, "in"),
    records(deps, session, "out"),
  ]);
  const here = `/inspect/sessions/${session.id}`;
  const older = runs.length > pageSize ? runs[pageSize - 1]?.number : undefined;
  const body = html`<div id="session" data-live>
    <h1>Chat <span class="id">${session.externalId ?? session.id}</span></h1>
    <p>${reasonLine(reason, true)}</p>
    ${facts([
      ["Session", html`<span class="id">${session.id}</span>`],
      ["Task", session.taskIdentifier],
      ["Current run", session.currentRunId && runLink(session.currentRunId)],
      ["Made", ago(session.createdAt)],
      ["Expires", session.expiresAt && ago(session.expiresAt)],
      ["Last finished turn", cursors.out === null ? "none yet" : `.out ${cursors.out}`],
      ["Input answered up to", cursors.in === null ? "none yet" : `.in ${cursors.in}`],
      ["Continuations without a turn", session.stalledRuns > 0 ? String(session.stalledRuns) : null],
      ["Tags", session.tags.join(", ")],
    ])}
    <h2>Runs</h2>
    ${runs.length === 0 && html`<p class="quiet">None.</p>`}
    <ul class="rows two">
      ${runs.slice(0, pageSize).map(runLine)}
    </ul>
    ${pageLinks([
      ["Newest runs", before === null ? undefined : here],
      ["Older runs", older === undefined ? undefined : address(here, { before: older })],
    ])}
    ${input} ${output}
    <h2>All its streams</h2>
    ${streams.length === 0 && html`<p class="quiet">Nothing was written yet.</p>`}
    <ul class="rows two">
      ${streams.map(streamLine)}
    </ul>
  </div>`;
  const source = `/inspect/live?session=${session.id}`;
  return { title: `Chat ${sessionKey(session)}`, section: "sessions", body, source };
};

async function runsOf(db: Database, sessionId: string, before: number | null): Promise<RunRow[]> {
  const { rows } = await db.query<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM local_trigger.runs WHERE session_id = $1 AND ($2::bigint IS NULL OR number < $2)
     ORDER BY number DESC LIMIT $3`,
    [sessionId, before, pageSize + 1],
  );
  return rows;
}

async function cursorsOf({ streams }: InspectorDeps, session: Session) {
  const last = await streams.lastWithHeader(sessionStream(sessionKey(session), "out"), turnCompleteHeader);
  return { out: last?.seqNum ?? null, in: last ? (headerOf(last, inEventIdHeader) ?? null) : null };
}

async function records({ streams }: InspectorDeps, session: Session, io: Direction): Promise<Html> {
  const name = sessionStream(sessionKey(session), io);
  const newest = await streams.lastRecords(name, tail);
  const words = io === "in" ? "what the chat was sent" : "what its runs wrote";
  return html`<h2><code>.${io}</code>: ${words}</h2>
    ${newest.length === 0 && html`<p class="quiet">Nothing.</p>`}
    <ul class="rows records">
      ${newest.map((record) =>
        recordLine(record, { shown: false, link: streamAddress(name, { show: record.seqNum }) }),
      )}
    </ul>
    ${newest.length === tail && html`<p><a href="${streamAddress(name)}">The whole stream</a></p>`}`;
}
