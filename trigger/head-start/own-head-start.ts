import { logger } from "@trigger.dev/sdk";
import { z } from "zod";
import { openTicket } from "#app/models/head-start-ticket.server.ts";
import { takingOver } from "#trigger/head-start/take-over.ts";
import { billUnread } from "#trigger/metered.ts";

/** What the web server sends along with a chat's first message. */
const sentAlong = z.object({ headStart: z.string() });

type Turn = {
  userId: string;
  chatId: string;
  /** What came with the message: the browser's own word, but for what only the web server can seal. */
  clientData: unknown;
  /** The turn begins, and so does its model's time unless it was asked before. */
  startedAt: number;
};

/** The turn's first request, which the web server may have made ahead. */
export class OwnHeadStart {
  /** When the model was asked. */
  startedAt: number;
  taken = false;
  /** Reaches the model's server. */
  readonly ask: typeof fetch;
  /** What is paid for if the answer is lost; set once the model is known. */
  model = "";

  constructor({ userId, chatId, clientData, startedAt }: Turn) {
    this.startedAt = startedAt;
    const along = sentAlong.safeParse(clientData);
    const ticket = along.success ? openTicket(along.data.headStart, chatId) : null;
    if (!ticket) {
      this.ask = fetch;
      return;
    }
    this.ask = takingOver(ticket, {
      onTaken: (agoMs) => {
        this.taken = true;
        this.startedAt = performance.now() - agoMs;
      },
      onLost: async (request) => {
        logger.warn("the web server died with this answer; the next run asks anew", { chatId });
        await billUnread(this.model, { userId, chatId, kind: "answer" }, request);
        return die();
      },
    });
  }
}

/**
 * Half an answer cannot be gone on with, nor be taken back by the run that gave it. So this process, which has no other
 * run, ends as one that crashed: the turn stays open, and the run that follows answers it anew.
 */
function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}
