import { z } from "zod";
import type { RunEngine } from "../../runs/run-engine.ts";
import { hasTimedOut, type Waitpoint } from "../../runs/waitpoint.ts";
import { listTokens } from "../../runs/token-list.ts";
import { findWaitpoint } from "../../runs/waitpoint-store.ts";
import { sessionKey, sessionStream } from "../../wire/stream-names.ts";
import { environmentId } from "../../wire/tokens.ts";
import { json } from "../answer.ts";
import { readJson, readText } from "../body.ts";
import { HttpError, badRequest, forbidden, notFound } from "../errors.ts";
import type { RequestContext, Route } from "../router.ts";
import { allows } from "../scopes.ts";
import { tokenListQuery } from "../token-list-query.ts";
import { keyOptions, waitOptions } from "../wait-options.ts";

type SessionRef = { id: string; externalId: string | null };
export type WaitpointDeps = {
  runs: RunEngine;
  origin: () => string;
  findSession: (key: string) => Promise<SessionRef | null>;
};

const sessionWaitBody = z.object({
  session: z.string(),
  io: z.enum(["in", "out"]),
  lastSeqNum: z.number().int().optional(),
  ...waitOptions,
});
const durationBody = z.object({ date: z.iso.datetime({ offset: true }), ...keyOptions });
const tokenBody = z.object(waitOptions);
const completeBody = z.object({ data: z.unknown().optional() });

/** Waits of runs: for a session's input, for a time, for a token that somebody completes. */
export function waitpointRoutes(deps: WaitpointDeps): Route[] {
  const { runs } = deps;
  return [
    {
      method: "POST",
      path: "/api/v1/runs/:run/session-streams/wait",
      access: "secret",
      handler: (c) => waitOnSession(c, deps),
    },
    {
      method: "POST",
      path: "/engine/v1/runs/:run/waitpoints/tokens/:token/wait",
      access: "secret",
      handler: async (c) => {
        if (!(await runs.waits.waitFor(c.params.run ?? "", c.params.token ?? "")))
          throw notFound("Run or waitpoint not found.");
        json(c, 200, { success: true });
      },
    },
    {
      method: "POST",
      path: "/engine/v1/runs/:run/wait/duration",
      access: "secret",
      handler: async (c) => {
        const { date, ...options } = await readJson(c, durationBody);
        const waitpoint = await runs.waits.waitUntil(c.params.run ?? "", new Date(date), options);
        if (!waitpoint) throw notFound("Run not found.");
        json(c, 200, { waitUntil: waitpoint.completedAfter, waitpoint: { id: waitpoint.id } });
      },
    },
    ...tokenRoutes(deps),
  ];
}

async function waitOnSession(c: RequestContext, { runs, findSession }: WaitpointDeps): Promise<void> {
  const { session: key, io, lastSeqNum, ...options } = await readJson(c, sessionWaitBody);
  if (io !== "in") throw badRequest("Only the .in side of a session can be waited for.");
  if (!(await runs.find(c.params.run ?? ""))) throw notFound("Run not found.");
  const session = await findSession(key);
  if (!session) throw notFound("Session not found.");
  const made = await runs.createStreamWaitpoint(c.params.run ?? "", {
    ...options,
    stream: sessionStream(sessionKey(session), "in"),
    sessionId: session.id,
    ...(lastSeqNum === undefined ? {} : { afterSeq: lastSeqNum }),
  });
  if (!made) throw notFound("Run not found.");
  json(c, 200, made);
}

function tokenRoutes({ runs, origin }: WaitpointDeps): Route[] {
  const path = "/api/v1/waitpoints/tokens";
  const callbackUrl = (waitpoint: Waitpoint) =>
    `${origin()}${path}/${waitpoint.id}/callback/${waitpoint.callbackHash}`;
  const find = async (c: RequestContext): Promise<Waitpoint> => {
    const waitpoint = await findWaitpoint(runs.db, c.params.token ?? "");
    if (!waitpoint || waitpoint.runId !== null) throw notFound("Waitpoint not found.");
    return waitpoint;
  };
  return [
    {
      method: "POST",
      path,
      access: "secret",
      handler: async (c) => {
        const body = await readJson(c, tokenBody);
        const { waitpoint, isCached } = await runs.waits.createToken(body);
        const claims = JSON.stringify({ sub: environmentId, pub: true });
        json(
          c,
          200,
          { id: waitpoint.id, isCached, url: callbackUrl(waitpoint) },
          { "x-trigger-jwt-claims": claims },
        );
      },
    },
    {
      method: "GET",
      path,
      access: "secret",
      handler: async (c) => {
        const { tokens, ...pagination } = await listTokens(runs.db, tokenListQuery(c.url.searchParams));
        json(c, 200, { data: tokens.map((token) => tokenItem(token, callbackUrl(token))), pagination });
      },
    },
    {
      method: "GET",
      path: `${path}/:token`,
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const token = await find(c);
        if (!allows(c.credential, "read", [{ type: "waitpoints", id: token.id }])) throw forbidden();
        const { output, outputType, outputIsError } = token;
        const result =
          token.status === "COMPLETED" ? { output: output ?? undefined, outputType, outputIsError } : {};
        json(c, 200, { ...tokenItem(token, callbackUrl(token)), ...result });
      },
    },
    {
      method: "POST",
      path: `${path}/:token/complete`,
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const token = await find(c);
        if (!allows(c.credential, "write", [{ type: "waitpoints", id: token.id }])) throw forbidden();
        const { data } = await readJson(c, completeBody);
        await runs.waits.complete(token.id, { output: data === undefined ? null : JSON.stringify(data) });
        json(c, 200, { success: true });
      },
    },
    {
      method: "POST",
      path: `${path}/:token/callback/:hash`,
      access: "signed",
      handler: async (c) => {
        const token = await find(c);
        if (token.callbackHash !== c.params.hash) throw notFound("Waitpoint not found.");
        await runs.waits.complete(token.id, { output: jsonText(await readText(c)) });
        json(c, 200, { success: true });
      },
    },
  ];
}

function tokenItem(token: Waitpoint, url: string) {
  const status = token.status === "PENDING" ? "WAITING" : hasTimedOut(token) ? "TIMED_OUT" : "COMPLETED";
  return {
    id: token.id,
    url,
    status,
    tags: token.tags,
    createdAt: token.createdAt,
    completedAt: token.completedAt ?? undefined,
    timeoutAt: token.timeoutAt ?? undefined,
    completedAfter: token.timeoutAt ?? undefined,
    idempotencyKey: token.idempotencyKey ?? undefined,
    idempotencyKeyExpiresAt: token.idempotencyKeyExpiresAt ?? undefined,
  };
}

function jsonText(body: string): string {
  if (body === "") return "{}";
  try {
    JSON.parse(body);
    return body;
  } catch {
    throw new HttpError(400, "The body of a callback has to be JSON.");
  }
}
