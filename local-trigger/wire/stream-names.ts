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

/** The key of the session whose stream this is; null for a stream of a run. */
export function chatOfStream(stream: string): string | null {
  const key = /^sessions\/([^/]+)\//.exec(stream)?.[1];
  return key === undefined ? null : decodeURIComponent(key);
}

/** What the log says of a stream: the chat or the run that it belongs to. */
export function idsOfStream(stream: string): { chatId: string | null; runId?: string } {
  const runId = /^runs\/([^/]+)\//.exec(stream)?.[1];
  return {
    chatId: chatOfStream(stream),
    ...(runId === undefined ? {} : { runId: decodeURIComponent(runId) }),
  };
}

/** A stream that a run writes, such as those of `streams.define`. */
export function runStream(runId: string, name: string): string {
  return `runs/${part(runId)}/${part(name)}`;
}

/** A stream that others write for a run to read. */
export function runInputStream(runId: string, name: string): string {
  return `runs/${part(runId)}/input/${part(name)}`;
}

/** What all streams of a session begin with. */
export function sessionStreamsPrefix(key: string): string {
  return `sessions/${part(key)}/`;
}
