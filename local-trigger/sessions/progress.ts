import type { Tx } from "../database.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import {
  asksForTurn,
  headerOf,
  inEventIdHeader,
  isCommand,
  isSessionClosed,
  isTurnComplete,
  turnCompleteHeader,
} from "../wire/session-records.ts";
import { sessionKey, sessionStream } from "../wire/stream-names.ts";
import type { Session } from "./session.ts";

/** How far the turns of a session have come. */
export type Progress = {
  /** Sequence number of the newest turn-complete on `.out`, -1 for none. */
  boundary: number;
  /** Newest `.in` record that a finished turn has consumed, -1 for none. */
  consumed: number;
  unread: number[];
  turnIsOpen: boolean;
};

/** Which messages no finished turn has answered, and whether a turn is open. */
export async function readProgress(streams: StreamStore, session: Session, tx?: Tx): Promise<Progress> {
  const key = sessionKey(session);
  const within = tx ? { tx } : {};
  const out = sessionStream(key, "out");
  const newest = await streams.lastWithHeader(out, turnCompleteHeader, within);
  const consumed = newest ? Number(headerOf(newest, inEventIdHeader) ?? -1) : -1;
  const input = await streams.read(sessionStream(key, "in"), { from: consumed + 1, ...within });
  // Behind the turn's end may lie its trim, and that the session was closed.
  const tail = (await streams.lastRecords(out, 3, within))
    .filter((record) => !isCommand(record) && !isSessionClosed(record))
    .at(-1);
  return {
    boundary: newest?.seqNum ?? -1,
    consumed,
    unread: input.filter(asksForTurn).map((record) => record.seqNum),
    turnIsOpen: tail !== undefined && !isTurnComplete(tail),
  };
}
