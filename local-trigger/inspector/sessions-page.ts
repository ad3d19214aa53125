import { findRun } from "../runs/run-store.ts";
import type { Session } from "../sessions/session.ts";
import { findSession, listSessions } from "../sessions/session-store.ts";
import { listSessionsQuery } from "../wire/session-bodies.ts";
import { readChatFacts } from "./chat-facts.ts";
import { readOverview, readRunFacts, type Overview } from "./engine-facts.ts";
import { html, Html } from "./html.ts";
import type { InspectorDeps, PageMaker } from "./inspector.ts";
import { address, pageLinks, reasonLine, sessionLink } from "./parts.ts";
import { whyChat, type Reason } from "./why.ts";
import { ago } from "./words.ts";

const pageSize = 25;
const states = { open: "ACTIVE", closed: "CLOSED", expired: "EXPIRED" } as const;

/** All sessions, newest first, by their external id (the chat's) and whether they are open. */
export const sessionsPage: PageMaker = async ({ c, deps }) => {
  const query = (name: string) => c.url.searchParams.get(name)?.trim() || undefined;
  const [state, find, after, before] = [query("state"), query("find"), query("after"), query("before")];
  const parsed = listSessionsQuery.parse({
    "page[size]": pageSize,
    "page[after]": after,
    "page[before]": after === undefined ? before : undefined,
    "filter[status]": state === undefined ? undefined : states[state as keyof typeof states],
    "filter[externalId]": find?.startsWith("session_") ? undefined : find,
  });
  const byId = find?.startsWith("session_") ? await findSession(deps.runs.db, find) : undefined;
  const page =
    byId === undefined
      ? await listSessions(deps.runs.db, parsed)
      : { sessions: byId ? [byId] : [], next: undefined, previous: undefined };
  const overview = await readOverview(deps.runs);
  const lines = await Promise.all(page.sessions.map((session) => sessionLine(deps, session, overview)));
  const link = (place: Record<string, string>) => address("/inspect/sessions", { state, find, ...place });
  const body = html`<h1>Sessions</h1>
    <form class="filter" method="get" action="/inspect/sessions">
      <label
        >Chat id, or session id
        <input name="find" value="${find ?? ""}" autocomplete="off" spellcheck="false"
      /></label>
      <label
        >State
        <select name="state">
          <option value="">every state</option>
          ${Object.keys(states).map(
            (name) => html`<option ${name === state && new Html("selected")}>${name}</option>`,
          )}
        </select></label
      >
      <button>Show</button>
    </form>
    <div id="sessions" data-live>
      ${lines.length === 0 && html`<p class="quiet">No session is like that.</p>`}
      <ul class="rows two">
        ${lines}
      </ul>
      ${pageLinks([
        ["Newer", page.previous === undefined ? undefined : link({ before: page.previous })],
        ["Older", page.next === undefined ? undefined : link({ after: page.next })],
      ])}
    </div>`;
  return { title: "Sessions", section: "sessions", body, source: "/inspect/live" };
};

async function sessionLine(deps: InspectorDeps, session: Session, overview: Overview): Promise<Html> {
  return html`<li>
    <span>${sessionLink(session)}</span>
    ${reasonLine(await whySession(deps, session, overview))}
    <span class="end">made ${ago(session.createdAt)}</span>
  </li>`;
}

/** Why a session is where it is; of one that is over, how it ended. */
export async function whySession(deps: InspectorDeps, session: Session, overview: Overview): Promise<Reason> {
  if (session.purgedAt)
    return { text: "Deleted: only this line is kept.", tone: "calm", since: session.purgedAt };
  if (session.closedAt) {
    const why = session.closedReason === null ? "" : ` (${session.closedReason})`;
    return { text: `Closed${why}.`, tone: "calm", since: session.closedAt };
  }
  if (session.expiresAt && session.expiresAt <= new Date())
    return { text: "Expired: it takes no more messages.", tone: "calm", since: session.expiresAt };
  const run = session.currentRunId === null ? null : await findRun(deps.runs.db, session.currentRunId);
  const [chat, facts] = await Promise.all([
    readChatFacts(deps.streams, session),
    run && readRunFacts(deps.runs.db, run),
  ]);
  return whyChat(chat, facts, overview);
}
