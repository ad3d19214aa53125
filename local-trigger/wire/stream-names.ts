export type Direction = "in" | "out";

/** The key of a session's streams: the external id where there is one, so that a reader may come before the session exists. */
export function sessionKey(session: { id: string; externalId: string | null }): string {
  return session.externalId ?? session.id;
}

// Keys and names are chosen by callers: encoded, a "/" in one of them cannot reach a neighbour's stream.
const part = encodeURIComponent;

export function sessionStream(key: string, io: Direction, channel?: string): string {
  return channel === undefined
    ? `sessions/${part(key)}/${io}`
    : `sessions/${part(key)}/channels/${part(channel)}/${io}`;
}

/** What all streams of a session begin with. */
export function sessionStreamsPrefix(key: string): string {
  return `sessions/${part(key)}/`;
}
