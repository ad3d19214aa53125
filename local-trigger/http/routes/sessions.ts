import { closeSession } from "../../sessions/close-session.ts";
import { listSessions } from "../../sessions/session-store.ts";
import type { SessionDeps, SessionService } from "../../sessions/session-service.ts";
import { sessionItem, type Session } from "../../sessions/session.ts";
import {
  closeSessionBody,
  createSessionBody,
  endAndContinueBody,
  listSessionsQuery,
  updateSessionBody,
  type ListSessions,
} from "../../wire/session-bodies.ts";
import { sessionKey } from "../../wire/stream-names.ts";
import { signToken } from "../../wire/tokens.ts";
import { json } from "../answer.ts";
import { readJson } from "../body.ts";
import { HttpError, badRequest, forbidden, notFound } from "../errors.ts";
import type { RequestContext, Route } from "../router.ts";
import { allows } from "../scopes.ts";
import { requireSession, unlessUnavailable } from "../session-access.ts";

export type SessionRoutesDeps = { sessions: SessionService; sessionDeps: SessionDeps; secretKey: string };

/** Create, list, read, update, close, and the hand-over from one run to the next. */
export function sessionRoutes(deps: SessionRoutesDeps): Route[] {
  const { sessions, sessionDeps } = deps;
  const route = (
    method: string,
    path: string,
    handler: Route["handler"],
    access: Route["access"] = "jwt-or-secret",
  ): Route => ({ method, path: `/api/v1/sessions${path}`, access, realtime: true, handler });
  return [
    route("GET", "", async (c) => {
      const query = parseQuery(c);
      if (!mayList(c, query["filter[taskIdentifier]"])) throw forbidden();
      const { sessions: data, ...pagination } = await listSessions(sessionDeps.db, query);
      json(c, 200, { data: data.map(sessionItem), pagination });
    }),
    route("POST", "", (c) => create(c, deps)),
    route("GET", "/:id", async (c) => {
      json(c, 200, sessionItem(await requireSession(c, sessions, "read")));
    }),
    route("PATCH", "/:id", async (c) => {
      const session = await requireSession(c, sessions, "admin", { urlOnly: true });
      const body = await readJson(c, updateSessionBody);
      if (body.externalId !== undefined && body.externalId !== session.externalId) {
        throw new HttpError(422, "The externalId of a session cannot be changed.");
      }
      json(c, 200, sessionItem(await sessions.update(session.id, body)));
    }),
    route("POST", "/:id/close", async (c) => {
      const session = await requireSession(c, sessions, "admin", { urlOnly: true });
      json(
        c,
        200,
        sessionItem(await closeSession(sessionDeps, session.id, await readJson(c, closeSessionBody))),
      );
    }),
    route("POST", "/:id/end-and-continue", (c) => endAndContinue(c, sessions), "secret"),
  ];
}

/** For runs, which have the secret key: a page has no reason to end one. */
async function endAndContinue(c: RequestContext, sessions: SessionService): Promise<void> {
  const session = await requireSession(c, sessions, "write");
  const { callingRunId } = await readJson(c, endAndContinueBody);
  const result = await unlessUnavailable(() => sessions.endAndContinue(session.id, callingRunId), {
    closed: 400,
    expired: 400,
    doing: "continue",
  });
  if (!result) throw notFound("The calling run is not a run of this session.");
  json(c, 200, result);
}

async function create(c: RequestContext, deps: SessionRoutesDeps): Promise<void> {
  const body = await readJson(c, createSessionBody);
  const resources = [{ type: "tasks", id: body.taskIdentifier }, { type: "sessions" }];
  if (!allows(c.credential, "write", resources)) throw forbidden();
  const { session, run, isCached } = await unlessUnavailable(() => deps.sessions.create(body), {
    closed: 409,
    expired: 409,
    doing: "create a session under this externalId",
  });
  json(c, isCached ? 200 : 201, {
    ...sessionItem(session),
    runId: run.id,
    publicAccessToken: await sessionToken(deps.secretKey, session),
    isCached,
  });
}

/** Read and write of this one session, for an hour. */
function sessionToken(secretKey: string, session: Session): Promise<string> {
  const key = sessionKey(session);
  return signToken(secretKey, [`read:sessions:${key}`, `write:sessions:${key}`]);
}

function mayList(c: RequestContext, tasks: string[] | undefined): boolean {
  if (allows(c.credential, "read", [{ type: "sessions" }, { type: "tasks" }])) return true;
  return !!tasks?.length && tasks.every((id) => allows(c.credential, "read", [{ type: "tasks", id }]));
}

function parseQuery(c: RequestContext): ListSessions {
  const parsed = listSessionsQuery.safeParse(Object.fromEntries(c.url.searchParams));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badRequest(`The query is not as expected. ${issue?.path.join(".") ?? ""} ${issue?.message}`);
}
