import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { HeadStartTicket } from "#app/models/head-start-ticket.server.ts";
import { BROKEN, FINGERPRINT, PROOF, headSchema, type AnswerHead } from "#app/shared/head-start.ts";
import { fingerprintOf, modelRequest, type ModelRequest } from "#trigger/head-start/model-request.ts";

/** The web server says at once whether it has the request; the model's answer may take its time. */
const PATIENCE_MS = 1_000;

type Taking = {
  /** The answer comes from the request that the web server sent so many milliseconds ago. */
  onTaken: (agoMs: number) => void;
  /** The web server is gone, and the rest of the answer to this request with it. */
  onLost: (request: string) => Promise<never>;
};

/**
 * `fetch` whose first request is answered by the one that the web server has sent ahead, if that is the same. Whatever
 * is wrong with that one, the request is made here, as if there had been no other.
 */
export function takingOver(ticket: HeadStartTicket, taking: Taking): typeof fetch {
  let first = true;
  return async (input, init) => {
    const wanted = first ? modelRequest(input, init) : null;
    first = false;
    const taken = wanted && (await takeOver(ticket, wanted, taking).catch(() => null));
    return taken ?? fetch(input, init);
  };
}

async function takeOver(
  ticket: HeadStartTicket,
  wanted: ModelRequest,
  { onTaken, onLost }: Taking,
): Promise<Response | null> {
  const signal = wanted.init.signal ?? undefined;
  const answer = await claim(ticket, fingerprintOf(wanted), signal);
  if (!answer) return null;
  const pieces = new Pieces(answer);
  const head = await pieces.head();
  if (!head) {
    answer.destroy();
    return null;
  }
  const bytes = Readable.from(bodyOf(answer, pieces, signal, () => onLost(wanted.init.body)));
  const response = new Response(Readable.toWeb(bytes) as ReadableStream<Uint8Array>, head);
  onTaken(head.agoMs);
  return response;
}

/** Null where the web server has no such request; it rejects where there is no web server. */
async function claim(
  { port, id, proof }: HeadStartTicket,
  fingerprint: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage | null> {
  const headers = { [FINGERPRINT]: fingerprint };
  const asked = request({ host: "127.0.0.1", port, path: `/${id}`, method: "POST", headers, signal });
  // What breaks later is said by the answer's body.
  asked.on("error", () => undefined);
  asked.setTimeout(PATIENCE_MS, () => asked.destroy(new Error("no answer in time"))).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  asked.setTimeout(0);
  if (answer.statusCode === 200 && answer.headers[PROOF] === proof) return answer;
  answer.destroy();
  return null;
}

async function* bodyOf(
  answer: IncomingMessage,
  pieces: Pieces,
  signal: AbortSignal | undefined,
  onLost: () => Promise<never>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = await pieces.next(); piece; piece = await pieces.next()) yield piece;
  } catch (error) {
    if (!signal?.aborted) await onLost();
    throw error;
  } finally {
    answer.destroy();
  }
  // As `fetch` says it where the model server breaks off.
  if (answer.trailers[BROKEN] !== undefined) throw new TypeError("terminated");
}

/** The first line of an answer, then its bytes. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(answer: IncomingMessage) {
    this.#source = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async head(): Promise<AnswerHead | null> {
    while (!this.#rest.includes("\n")) {
      const { done, value } = await this.#source.next();
      if (done) return null;
      this.#rest = Buffer.concat([this.#rest, value]);
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.subarray(0, end).toString("utf8");
    this.#rest = this.#rest.subarray(end + 1);
    return headSchema.parse(JSON.parse(line));
  }

  /** Null at the end; it throws where the connection breaks. */
  async next(): Promise<Uint8Array | null> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = Buffer.alloc(0);
      return rest;
    }
    const { done, value } = await this.#source.next();
    return done ? null : value;
  }
}
