import type { Database } from "../database.ts";
import type { StreamStore } from "../streams/stream-store.ts";
import { headerOf, inEventIdHeader, turnCompleteHeader } from "../wire/session-records.ts";
import { sessionKey, sessionStream } from "../wire/stream-names.ts";
import type { SessionIdentity } from "./session.ts";

export type Room = { records: number; bytes: number };

/** More than this waits in `.in` already, and no turn has taken it. */
export class InputFull extends Error {}

/** What one session's `.in` may hold that no turn has taken; far more than a person leaves there. */
const roomOfSession: Room = { records: 5000, bytes: 32 * 1024 * 1024 };
const measureEveryMs = 5000;
const maxKnown = 10_000;

type Taken = Room & { measuredAt: number };

/**
 * Bounds what waits in the sessions' `.in`, so that no token fills the disk. Counted in memory; the database is asked
 * only once that much has come.
 */
export class InputRoom {
  private readonly taken = new Map<string, Taken>();

  constructor(
    private readonly deps: { db: Database; streams: StreamStore },
    private readonly most: Room = roomOfSession,
  ) {}

  /** For one more record. Throws InputFull. */
  async take(session: SessionIdentity, bytes: number): Promise<void> {
    const taken = this.of(sessionKey(session));
    const withIt = () => ({ records: taken.records + 1, bytes: taken.bytes + bytes });
    if (!this.fits(withIt()) && performance.now() - taken.measuredAt >= measureEveryMs) {
      taken.measuredAt = performance.now();
      Object.assign(taken, await this.measure(sessionKey(session)));
    }
    if (!this.fits(withIt())) throw new InputFull();
    Object.assign(taken, withIt());
  }

  private of(key: string): Taken {
    const known = this.taken.get(key);
    if (known) return known;
    if (this.taken.size >= maxKnown) this.taken.clear();
    const fresh = { records: 0, bytes: 0, measuredAt: -Infinity };
    this.taken.set(key, fresh);
    return fresh;
  }

  private fits({ records, bytes }: Room): boolean {
    return records <= this.most.records && bytes <= this.most.bytes;
  }

  private async measure(key: string): Promise<Room> {
    const { db, streams } = this.deps;
    const newest = await streams.lastWithHeader(sessionStream(key, "out"), turnCompleteHeader);
    const consumed = newest ? Number(headerOf(newest, inEventIdHeader) ?? -1) : -1;
    const { rows } = await db.query<Room>(
      `select count(*)::int as records, coalesce(sum(octet_length(r.body)), 0)::float8 as bytes
       from local_trigger.stream_records r join local_trigger.streams s on s.id = r.stream_id
       where s.name = $1 and r.seq > $2`,
      [sessionStream(key, "in"), consumed],
    );
    return rows[0] ?? { records: 0, bytes: 0 };
  }
}
