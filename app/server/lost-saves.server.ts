import { branchNow } from "#app/models/branch-moves.server.ts";
import { lacksSave, readLive } from "#app/server/live-chat.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { askRun } from "#app/server/start-chat.server.ts";
import { whenSaved } from "#app/server/when-saved.server.ts";

type Chat = { userId: string; chatId: string };

const MOST_KNOWN = 1000;

const underWay = new Map<string, Promise<void>>();
/** Of each chat the stored cursor behind which a run was last asked to save. */
const askedAt = new Map<string, string>();

/**
 * Has an answer stored that ended on the stream, and whose run died before it had stored it: a run is started that does.
 * Once for each such answer. Resolves when nothing is missing any more, or after some seconds. Never rejects.
 */
export function saveLostAnswer(chat: Chat): Promise<void> {
  const key = `${chat.userId} ${chat.chatId}`;
  const saving = underWay.get(key);
  if (saving) return saving;
  const fresh = save(chat)
    .catch((error: unknown) =>
      log("warn", "lost-answer-not-saved", { chatId: chat.chatId, ...describeError(error) }),
    )
    .finally(() => underWay.delete(key));
  underWay.set(key, fresh);
  return fresh;
}

async function save(chat: Chat): Promise<void> {
  const { chatId } = chat;
  const after = await staysUnsaved(chat);
  if (after === null || askedAt.get(chatId) === after) return;
  if (askedAt.size >= MOST_KNOWN) askedAt.clear();
  askedAt.set(chatId, after);
  log("info", "lost-answer-found", { chatId });
  // The same id from another web server is one record, and so one run.
  await askRun(chatId, { type: "look" }, `save-${after}`);
  await staysUnsaved(chat);
}

/** The stored cursor behind which an answer stays without its row; null as soon as none does. */
function staysUnsaved(chat: Chat): Promise<string | null> {
  const look = async () => {
    const now = await branchNow(chat);
    const session = now && { ...now.cursors, runId: null, publicAccessToken: null };
    const live = session && (await readLive(chat.chatId, session));
    return live && lacksSave(live) ? (session.lastEventId ?? "none") : null;
  };
  return whenSaved(look, (unsaved) => unsaved === null);
}
