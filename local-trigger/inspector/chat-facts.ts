import type { Database } from "../database.ts";
import type { Session } from "../sessions/session.ts";
import { readProgress } from "../sessions/progress.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { turnCompleteHeader } from "../wire/session-records.ts";
import { sessionKey, sessionStream, sessionStreamsPrefix } from "../wire/stream-names.ts";
import type { ChatFacts } from "./why.ts";

/** What the streams of a session say about its open turn. */
export async function readChatFacts(streams: StreamStore, session: Session): Promise<ChatFacts> {
  const key = sessionKey(session);
  const out = sessionStream(key, "out");
  const [progress, bounds, ended] = await Promise.all([
    readProgress(streams, session),
    streams.bounds(out),
    streams.lastWithHeader(out, turnCompleteHeader),
  ]);
  const oldest = progress.unread[0];
  const [first] =
    oldest === undefined ? [] : await streams.read(sessionStream(key, "in"), { from: oldest, limit: 1 });
  return {
    unread: progress.unread.length,
    unreadSince: first ? new Date(first.timestamp) : null,
    turnIsOpen: progress.turnIsOpen,
    outAt: bounds.timestamp === 0 ? null : new Date(bounds.timestamp),
    turnEndedAt: ended ? new Date(ended.timestamp) : null,
  };
}

export type StreamFacts = {
  name: string;
  first: number;
  next: number;
  bytes: number;
  at: Date | null;
  trimPoint: number;
};

/** The streams whose name begins with `prefix`, with how much of them can be read. */
export async function readStreams(db: Database, prefix: string): Promise<StreamFacts[]> {
  const { rows } = await db.query<Omit<StreamFacts, "at"> & { timestamp: number }>(
    `SELECT s.name, s.next_seq AS next, s.last_timestamp AS timestamp, s.trim_point AS "trimPoint",
       coalesce(r.first, s.next_seq) AS first, coalesce(r.bytes, 0) AS bytes
     FROM local_trigger.streams s LEFT JOIN LATERAL (
       SELECT min(seq) AS first, sum(octet_length(body))::bigint AS bytes
       FROM local_trigger.stream_records WHERE stream_id = s.id) r ON true
     WHERE starts_with(s.name, $1) ORDER BY s.name LIMIT 50`,
    [prefix],
  );
  return rows.map(({ timestamp, ...stream }) => ({
    ...stream,
    at: timestamp === 0 ? null : new Date(timestamp),
  }));
}

export const streamsOfSession = (db: Database, session: Session) =>
  readStreams(db, sessionStreamsPrefix(sessionKey(session)));
