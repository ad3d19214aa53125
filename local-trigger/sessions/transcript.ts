import { z } from "zod";

const header = z.object({ lastOutEventId: z.string().optional(), lastInEventId: z.string().optional() });
const line = z.object({ message: z.looseObject({ id: z.string().optional() }) });

export type TranscriptPage = {
  messages: unknown[];
  cursors?: z.infer<typeof header>;
  nextCursor?: string;
};

/**
 * A page of the messages in a transcript blob (lines of JSON: a header, one line a message, an index), newest `limit` of those
 * before the message `before`: none when that message is gone, as a page of others would show them twice. Lines of another form
 * are passed over. `nextCursor`: the oldest message here, when older ones exist.
 */
export function transcriptPage(
  blob: string,
  options: { limit: number | undefined; before: string | undefined },
): TranscriptPage {
  const lines = blob.split("\n").map(parse);
  const found = lines.flatMap((value) => {
    const parsed = line.safeParse(value);
    return parsed.success ? [parsed.data.message] : [];
  });
  const cut = found.findIndex((message) => message.id === options.before);
  const before = options.before === undefined ? found : found.slice(0, Math.max(cut, 0));
  const messages = options.limit === undefined ? before : before.slice(-options.limit);
  const oldest = messages[0]?.id;
  const cursors = header.safeParse(lines[0]);
  return {
    messages,
    ...(cursors.success ? { cursors: cursors.data } : {}),
    ...(messages.length < before.length && oldest !== undefined ? { nextCursor: oldest } : {}),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
