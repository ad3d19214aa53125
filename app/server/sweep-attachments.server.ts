import { incomingFolder } from "#app/attachments/file-stores.server.ts";
import { dropBroken } from "#app/attachments/receive-file.server.ts";
import { strayAttachments } from "#app/models/attachment.server.ts";
import { dropStray } from "#app/server/attachments.server.ts";
import { describeError, log } from "#app/server/log.server.ts";

const HOUR = 3_600_000;
/** A draft may wait for so long with its files. */
const KEPT_MS = 24 * HOUR;
const AT_ONCE = 500;

/** Deletes the files that were attached and never sent, and what killed uploads have left. */
async function sweepAttachments(now = Date.now()): Promise<number> {
  await dropBroken(incomingFolder());
  const strays = await strayAttachments(new Date(now - KEPT_MS), AT_ONCE);
  return strays.length === 0 ? 0 : dropStray(strays);
}

async function sweep(): Promise<void> {
  try {
    const swept = await sweepAttachments();
    if (swept > 0) log("info", "attachments-swept", { count: swept });
  } catch (error) {
    log("warn", "attachments-not-swept", describeError(error));
  }
}

/** Sweeps now, and then every hour as long as this process lives. */
export function keepSweeping(): void {
  void sweep();
  setInterval(() => void sweep(), HOUR).unref();
}
