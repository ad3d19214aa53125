import { createHmac, randomBytes } from "node:crypto";
import { env } from "#app/env.server.ts";
import { sealTicket } from "#app/models/head-start-ticket.server.ts";
import { openDoor, type Door } from "#app/server/head-start-door.server.ts";
import { HeldRequests } from "#app/server/held-requests.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import type { NewChat } from "#trigger/head-start/ask-ahead.ts";

/**
 * Asks the model of a new chat while its run still boots (docs/decisions, on the first answer). Nothing rests on it:
 * the message lies on `.in` as always, and a run that finds no answer here asks for itself.
 */

type Ready = { door: Door; ask: typeof import("#trigger/head-start/ask-ahead.ts").firstRequest };

const requests = new HeldRequests();
const secret = randomBytes(32);
const derived = (text: string): string => createHmac("sha256", secret).update(text).digest("base64url");
const proofOf = (id: string): string => derived(`proof of ${id}`);

let ready: Ready | undefined;

/** Once, when the web server starts: what asks models is loaded only where it is wanted. */
export function prepareHeadStart(): void {
  const { HEAD_START, LOCAL_TRIGGER_PORT } = env();
  // Runs elsewhere cannot come to this machine's door.
  if (HEAD_START === "off" || LOCAL_TRIGGER_PORT === undefined) return;
  open().catch((error: unknown) => log("error", "head-start-failed", describeError(error)));
}

async function open(): Promise<void> {
  const { firstRequest } = await import("#trigger/head-start/ask-ahead.ts");
  ready = { door: await openDoor(requests, proofOf), ask: firstRequest };
  log("info", "head-start", { state: "ready" });
}

/** `ticket` goes with the message, for its run; `drop`: there will be none. */
type HeadStart = { ticket: string; drop: () => void };

/**
 * For a chat of this person, who is within the limits. Asks where the chat was made just now; the same message sent
 * again has the same ticket, as whichever of them comes first is kept. Null: the run asks for itself, as always.
 */
export function beginHeadStart(chat: NewChat, made: "created" | "exists"): HeadStart | null {
  if (!ready) return null;
  const { userId, chatId, message } = chat;
  const id = derived(`${chatId} ${message.id}`);
  const begins = made === "created" && requests.hasRoomFor(userId);
  if (begins) requests.hold(id, userId, ready.ask(chat));
  log("info", "head-start", { state: begins ? "asked" : "not-asked", chatId });
  return {
    ticket: sealTicket({ port: ready.door.port, id, proof: proofOf(id) }, chatId),
    drop: () => {
      if (begins) void requests.drop(id);
    },
  };
}
