import type { Database } from "../../database.ts";
import type { SessionService } from "../../sessions/session-service.ts";
import { readSnapshot, writeSnapshot } from "../../sessions/snapshot-store.ts";
import { transcriptPage } from "../../sessions/transcript.ts";
import { inSeconds, isSignedFor, sign } from "../../wire/signatures.ts";
import { json } from "../answer.ts";
import { readBody } from "../body.ts";
import { HttpError, badRequest, forbidden, notFound } from "../errors.ts";
import { originOf } from "../origin.ts";
import type { RequestContext, Route } from "../router.ts";
import { requireIdentity } from "../session-access.ts";

export type SnapshotDeps = {
  db: Database;
  sessions: SessionService;
  secretKey: string;
  origin: () => string;
};

const urlLifetimeSeconds = 300;
const maxSnapshotBytes = 64 * 1024 * 1024;
const purpose = "snapshot";

/** Transcript blobs: signed addresses that are good for one method, one session and five minutes, and the blobs behind them. */
export function snapshotRoutes(deps: SnapshotDeps): Route[] {
  const url = (method: "GET" | "PUT"): Route => ({
    method,
    path: "/api/v1/sessions/:id/snapshot-url",
    // Runs alone write what the next run reads back.
    access: method === "PUT" ? "secret" : "jwt-or-secret",
    realtime: true,
    handler: async (c) => {
      const { id } = await requireIdentity(c, deps.sessions, "read");
      json(c, 200, { presignedUrl: presign(deps, originOf(c.req, deps.origin()), method, id) });
    },
  });
  return [
    url("GET"),
    url("PUT"),
    { method: "GET", path: "/snapshots/:id", access: "signed", handler: (c) => download(c, deps) },
    { method: "PUT", path: "/snapshots/:id", access: "signed", handler: (c) => upload(c, deps) },
    {
      method: "GET",
      path: "/api/v1/sessions/:id/transcript",
      access: "secret",
      handler: (c) => transcript(c, deps),
    },
  ];
}

async function download(c: RequestContext, deps: SnapshotDeps): Promise<void> {
  const snapshot = await readSnapshot(deps.db, signedSession(c, deps, "GET"));
  if (!snapshot) throw notFound("There is no snapshot yet.");
  c.res.writeHead(200, { "content-type": snapshot.contentType, "content-length": snapshot.body.length });
  c.res.end(snapshot.body);
}

async function upload(c: RequestContext, deps: SnapshotDeps): Promise<void> {
  const id = signedSession(c, deps, "PUT");
  const body = await readBody(c, { limit: maxSnapshotBytes });
  const contentType = c.req.headers["content-type"] ?? "application/octet-stream";
  const stored = await writeSnapshot(deps.db, id, { contentType, body });
  if (!stored) throw new HttpError(409, "The session was deleted.", { code: "session_closed" });
  json(c, 200, {});
}

async function transcript(c: RequestContext, deps: SnapshotDeps): Promise<void> {
  const session = await requireIdentity(c, deps.sessions, "read");
  const limit = c.url.searchParams.get("limit");
  if (limit !== null && !/^[1-9]\d{0,5}$/.test(limit))
    throw badRequest("limit must be a whole number from 1.");
  const snapshot = await readSnapshot(deps.db, session.id);
  const page = transcriptPage(snapshot?.body.toString("utf8") ?? "", {
    limit: limit === null ? undefined : Number(limit),
    before: c.url.searchParams.get("before") ?? undefined,
  });
  json(c, 200, page);
}

function presign(deps: SnapshotDeps, origin: string, method: string, id: string): string {
  const expires = inSeconds(urlLifetimeSeconds);
  const signature = sign(deps.secretKey, purpose, [method, id], expires);
  return `${origin}/snapshots/${id}?expires=${expires}&signature=${signature}`;
}

function signedSession(c: RequestContext, deps: SnapshotDeps, method: string): string {
  const id = c.params["id"] ?? "";
  const given = {
    expires: Number(c.url.searchParams.get("expires")),
    signature: c.url.searchParams.get("signature") ?? "",
  };
  if (!isSignedFor(deps.secretKey, purpose, [method, id], given)) {
    throw forbidden("This address has expired or was not signed for this.");
  }
  return id;
}
