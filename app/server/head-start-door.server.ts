import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { discard, type HeldRequests, type Sent } from "#app/server/held-requests.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { BROKEN, FINGERPRINT, PROOF, type AnswerHead } from "#app/shared/head-start.ts";

/** Where runs come for the requests that were sent ahead. */
export type Door = { port: number };

/** Of this machine alone, and apart from the web's own port: no proxy leads here. `proofOf` knows each ticket's. */
export async function openDoor(requests: HeldRequests, proofOf: (id: string) => string): Promise<Door> {
  const server = createServer((incoming, outgoing) => {
    give(incoming, outgoing, requests, proofOf).catch((error: unknown) => {
      log("warn", "head-start-broke", describeError(error));
      outgoing.destroy();
    });
  });
  server.unref().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port };
}

async function give(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  requests: HeldRequests,
  proofOf: (id: string) => string,
): Promise<void> {
  const id = incoming.url?.slice(1) ?? "";
  const sent = await requests.take(id);
  const same = sent?.fingerprint === incoming.headers[FINGERPRINT];
  if (!sent || !same || outgoing.destroyed) {
    outgoing.writeHead(sent ? 409 : 404).end();
    log("info", "head-start", { state: sent ? "another-request" : "not-here" });
    return discard(sent);
  }
  outgoing.writeHead(200, { [PROOF]: proofOf(id), Trailer: BROKEN }).flushHeaders();
  await pass(sent, outgoing);
}

/** Passes the model's answer on as it comes; a run that goes away, because it was stopped or died, ends it. */
async function pass(sent: Sent, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => {
    gone.abort();
    sent.abort();
  });
  const answer = await sent.answer;
  outgoing.write(`${JSON.stringify(headOf(answer, sent.sentAt))}\n`);
  log("info", "head-start", { state: "taken" });
  try {
    for await (const piece of answer.body ?? []) {
      if (!outgoing.write(piece)) await once(outgoing, "drain", { signal: gone.signal });
    }
  } catch {
    // Also when the run has gone away; then nobody hears it.
    outgoing.addTrailers({ [BROKEN]: "1" });
  }
  outgoing.end();
}

function headOf(answer: Response, sentAt: number): AnswerHead {
  const headers = Object.fromEntries(answer.headers);
  // `fetch` has undone the one, and with it the other is wrong.
  delete headers["content-encoding"];
  delete headers["content-length"];
  const { status, statusText } = answer;
  return { status, statusText, headers, agoMs: performance.now() - sentAt };
}
