import type { SessionService } from "../../sessions/session-service.ts";
import type { StreamStore } from "../../streams/stream-store.ts";
import { newId } from "../../wire/ids.ts";
import {
  envelopeBody,
  headersForReaders,
  isCommand,
  isTurnComplete,
  openEnvelope,
  withoutWebhookSource,
} from "../../wire/session-records.ts";
import { InputFull, type InputRoom } from "../../sessions/input-room.ts";
import { assertOpen, type SessionIdentity } from "../../sessions/session.ts";
import { sessionKey, sessionStream, type Direction } from "../../wire/stream-names.ts";
import { json } from "../answer.ts";
import { readText, tooLarge } from "../body.ts";
import { HttpError, forbidden } from "../errors.ts";
import { originOf } from "../origin.ts";
import type { ReaderLimit } from "../reader-limit.ts";
import { sendRecords } from "../records-answer.ts";
import type { RequestContext, Route } from "../router.ts";
import { streamCredentials, type S2Settings } from "../s2-credentials.ts";
import { authorizeSession, requireIdentity, unlessUnavailable } from "../session-access.ts";
import { expiryOf, sendStream } from "../sse.ts";
import { eventNumber, header, startOf, waitSecondsOf } from "../stream-request.ts";

const maxRecordBytes = 1024 * 1024;
const recordOverhead = 8;

type Sessions = Pick<SessionService, "identify" | "find" | "appendInput">;
export type SessionStreamsDeps = {
  sessions: Sessions;
  streams: StreamStore;
  s2: S2Settings;
  readers: ReaderLimit;
  room: Pick<InputRoom, "take">;
};

type Handler = (c: RequestContext, io: Direction, deps: SessionStreamsDeps) => Promise<void>;

/** Read, append to, and open for writing: `.in` and `.out` of a session, and the same of each named side channel. */
export function sessionStreamRoutes(deps: SessionStreamsDeps): Route[] {
  const bases = ["/realtime/v1/sessions/:id", "/realtime/v1/sessions/:id/channels/:channel"];
  const route = (method: string, path: string, io: Direction, handler: Handler): Route => ({
    method,
    path,
    // Runs alone open a stream for writing: what they are given outlives every token.
    access: method === "PUT" ? "secret" : "jwt-or-secret",
    realtime: true,
    handler: (c) => handler(c, io, deps),
  });
  return bases.flatMap((base) =>
    (["in", "out"] as const).flatMap((io) => [
      route("GET", `${base}/${io}`, io, subscribe),
      route("HEAD", `${base}/${io}`, io, head),
      route("PUT", `${base}/${io}`, io, open),
      route("GET", `${base}/${io}/records`, io, records),
      route("POST", `${base}/${io}/append`, io, append),
    ]),
  );
}

const subscribe: Handler = async (c, io, { sessions, streams, readers }) => {
  const { key } = await authorizeSession(c, sessions, "read");
  readers.enter(c, key);
  const waitSeconds = waitSecondsOf(c);
  const stream = sessionStream(key, io, c.params["channel"]);
  const peeks = io === "out" && c.req.headers["x-peek-settled"] === "1";
  const settled = peeks && (await isSettled(streams, stream));
  await sendStream(c, {
    streams,
    stream,
    from: await startOf(c, streams, stream),
    waitMs: settled ? 0 : waitSeconds * 1000,
    headers: settled ? { "x-session-settled": "true" } : {},
    withTokens: givesTokens(c),
    expires: expiryOf(c),
  });
};

/** A token that could fetch its successor would never end: pages renew theirs where their person is signed in. */
const givesTokens = (c: RequestContext): boolean => c.credential?.kind === "secret";

const head: Handler = async (c, _io, { sessions }) => {
  await authorizeSession(c, sessions, "read");
  c.res.writeHead(200, { "x-last-chunk-index": "0" }).end();
};

const open: Handler = async (c, io, { sessions, s2 }) => {
  const { session, key } = await authorizeSession(c, sessions, "write");
  await unlessUnavailable(() => assertStillOpen(sessions, session), {
    closed: 400,
    expired: 400,
    doing: "write to this channel",
  });
  const stream = sessionStream(key, io, c.params["channel"]);
  json(c, 202, { version: "v2" }, streamCredentials(s2, stream, originOf(c.req, s2.origin())));
};

const records: Handler = async (c, io, { sessions, streams, readers }) => {
  const { key } = await authorizeSession(c, sessions, "read");
  readers.enter(c, key);
  const after = eventNumber(c.url.searchParams.get("afterEventId"));
  await sendRecords(c, {
    streams,
    stream: sessionStream(key, io, c.params["channel"]),
    from: after === null ? 0 : after + 1,
    shown: (record) => {
      if (isCommand(record)) return undefined;
      const headers = givesTokens(c) ? record.headers : headersForReaders(record);
      return {
        ...openEnvelope(record),
        seqNum: record.seqNum,
        ...(headers.length > 0 ? { headers } : {}),
      };
    },
  });
};

const append: Handler = async (c, io, { sessions, streams, room }) => {
  if (io === "out" && c.credential?.kind !== "secret")
    throw forbidden("Only the secret key may write to .out.");
  const session = await requireIdentity(c, sessions, "write");
  const text = await readText(c, { limit: maxRecordBytes });
  const partId = header(c, "x-part-id") ?? newId("part");
  const body = envelopeBody(c.credential?.kind === "jwt" ? withoutWebhookSource(text) : text, partId);
  if (recordOverhead + Buffer.byteLength(body) > maxRecordBytes) throw tooLarge();
  const channel = c.params["channel"];
  const toChat = io === "in" && channel === undefined;
  if (toChat && c.credential?.kind === "jwt") await roomFor(room, session, Buffer.byteLength(body));
  const store = async () => {
    if (toChat) return sessions.appendInput(session, body, partId);
    await assertStillOpen(sessions, session);
    return streams.append(sessionStream(sessionKey(session), io, channel), [{ body }], { partId });
  };
  const { first } = await unlessUnavailable(store, { closed: 409, expired: 400, doing: "append" });
  json(c, 200, { ok: true, seq: first });
};

async function roomFor(
  room: SessionStreamsDeps["room"],
  session: SessionIdentity,
  bytes: number,
): Promise<void> {
  try {
    await room.take(session, bytes);
  } catch (error) {
    if (!(error instanceof InputFull)) throw error;
    throw new HttpError(429, "Too much waits in this chat already. Go on once it has been answered.", {
      headers: { "retry-after": "10" },
    });
  }
}

async function assertStillOpen(sessions: Sessions, identity: SessionIdentity | null): Promise<void> {
  const session = identity && (await sessions.find(identity.id));
  if (session) assertOpen(session);
}

/** Settled: the last turn has ended and nothing follows it but its trim. Only the last two records are looked at. */
async function isSettled(streams: StreamStore, stream: string): Promise<boolean> {
  const [before, last] = (await streams.lastRecords(stream, 2)).slice(-2);
  const newest = last ?? before;
  if (!newest) return false;
  if (isTurnComplete(newest)) return true;
  return isCommand(newest) && last !== undefined && before !== undefined && isTurnComplete(before);
}
