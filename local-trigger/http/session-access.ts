import type { SessionService } from "../sessions/session-service.ts";
import { SessionUnavailable, type Session, type SessionIdentity } from "../sessions/session.ts";
import { sessionKey } from "../wire/stream-names.ts";
import { HttpError, forbidden, notFound } from "./errors.ts";
import type { RequestContext } from "./router.ts";
import { allows, type Resource } from "./scopes.ts";

/** Terminal conflicts must not be retried: the SDK's server-side client does so unless told otherwise. */
const noRetry = { "x-should-retry": "false" };

type Action = "read" | "write" | "admin";
type Options = { urlOnly?: boolean };
export type Address = { session: SessionIdentity | null; key: string };
type Sessions = Pick<SessionService, "identify" | "find">;

/** Resolves `:id` of a session route and checks the scope; `urlOnly` looks at the id in the URL alone. 403 before 404. */
export async function authorizeSession(
  c: RequestContext,
  sessions: Sessions,
  action: Action,
  options: Options = {},
): Promise<Address> {
  const id = c.params["id"] ?? "";
  const session = await sessions.identify(id);
  const ids = options.urlOnly ? [id] : [id, session?.id, session?.externalId];
  const channel = c.params["channel"];
  const resources = ids.flatMap((known) => (known ? sessionResources(known, channel) : []));
  if (!allows(c.credential, action, resources)) throw forbidden();
  // Readers may come before the session, under the external id that it will have. A session_ id is ours: it must exist.
  if (!session && id.startsWith("session_")) throw sessionNotFound();
  return { session, key: session ? sessionKey(session) : id };
}

/** Like `authorizeSession`, for routes that need the session to be there; 404 otherwise. */
export async function requireIdentity(
  c: RequestContext,
  sessions: Sessions,
  action: Action,
  options: Options = {},
): Promise<SessionIdentity> {
  const { session } = await authorizeSession(c, sessions, action, options);
  if (!session) throw sessionNotFound();
  return session;
}

/** Like `requireIdentity`, with the session's row as it is now. */
export async function requireSession(
  c: RequestContext,
  sessions: Sessions,
  action: Action,
  options: Options = {},
): Promise<Session> {
  const { id } = await requireIdentity(c, sessions, action, options);
  const session = await sessions.find(id);
  if (!session) throw sessionNotFound();
  return session;
}

/** Runs `fn`, and answers for a closed or expired session with the status that this route uses. */
export async function unlessUnavailable<T>(
  fn: () => Promise<T>,
  answer: { closed: number; expired: number; doing: string },
): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    if (!(error instanceof SessionUnavailable)) throw error;
    const closed = error.state === "closed";
    throw new HttpError(
      closed ? answer.closed : answer.expired,
      `Cannot ${answer.doing}: the session is ${error.state}.`,
      {
        code: `session_${error.state}`,
        headers: noRetry,
        body: { ok: false, ...(closed ? { closedReason: error.closedReason } : {}) },
      },
    );
  }
}

function sessionResources(id: string, channel: string | undefined): Resource[] {
  const own: Resource = { type: "sessions", id };
  return channel === undefined ? [own] : [own, { type: "sessions", id: `${id}:channels:${channel}` }];
}

function sessionNotFound(): HttpError {
  return notFound("Session not found.");
}
