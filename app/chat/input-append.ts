import { z } from "zod";
import { type SessionToken, TokenError } from "#app/chat/session-token.ts";

const TRIES = 6;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
const TIMEOUT_MS = 15_000;

const accepted = z.object({ seq: z.number().int().nullish() });
const refusal = z.object({ code: z.string().optional(), closedReason: z.string().nullish() });

/** The message was not stored. The text of the error may be shown. `signIn`: nobody is signed in. */
export class AppendError extends Error {
  constructor(
    message: string,
    readonly signIn = false,
  ) {
    super(message);
    this.name = "AppendError";
  }
}

/** The session is closed for good; nothing can be appended any more. */
export class SessionClosedError extends AppendError {
  constructor(readonly reason: string | null) {
    super("This chat is closed. Start a new one to go on.");
    this.name = "SessionClosedError";
  }
}

export type AppendOptions = {
  url: string;
  token: SessionToken;
  fetcher: typeof fetch;
  /** First pause before a retry; a test shortens it. */
  firstDelayMs?: number;
};

const FULL = "Too much waits in this chat already. Send the message again once it has been answered.";

/** Appends to one session's `.in`, one record after the other, so that they lie there in the order of the calls. */
export class InputAppender {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: AppendOptions) {}

  /**
   * Stores `input` once, however often it has to be tried: `partId` names it. Gives its sequence number, null
   * where the server does not say. Throws an AppendError when it gives up.
   */
  append(input: unknown, partId: string): Promise<number | null> {
    const body = JSON.stringify(input);
    const result = this.#last.then(() => this.#persist(body, partId));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #persist(body: string, partId: string): Promise<number | null> {
    const repairs = { renewed: false, started: false };
    let delay = this.options.firstDelayMs ?? FIRST_DELAY_MS;
    for (let tries = 1; ; tries += 1) {
      const response = await this.#post(body, partId, repairs);
      if (response?.ok) return accepted.parse(await response.json()).seq ?? null;
      if (response && !isPassing(response.status)) throw await refused(response);
      if (tries === TRIES && response?.status === 429) throw new AppendError(FULL);
      if (tries === TRIES) throw new AppendError("The message could not be sent: no answer from the server.");
      await new Promise((resolve) => setTimeout(resolve, delay * (0.75 + Math.random() / 2)));
      delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    }
  }

  /** One try, with at most one new token and one new session in an append's whole life. Null: no answer. */
  async #post(
    body: string,
    partId: string,
    repairs: { renewed: boolean; started: boolean },
  ): Promise<Response | null> {
    try {
      const token = await this.options.token.current();
      const response = await this.#send(body, partId, token);
      if ((response.status === 401 || response.status === 403) && !repairs.renewed) {
        repairs.renewed = true;
        await this.options.token.renew(token);
        return await this.#post(body, partId, repairs);
      }
      if (response.status === 404 && !repairs.started) {
        repairs.started = true;
        await this.options.token.startSession();
        return await this.#post(body, partId, repairs);
      }
      return response;
    } catch (error) {
      return await this.#withoutToken(error, body, partId, repairs);
    }
  }

  /** A chat that is not there yet has no token to renew, but may be started; signed out is final. */
  async #withoutToken(
    error: unknown,
    body: string,
    partId: string,
    repairs: { renewed: boolean; started: boolean },
  ): Promise<Response | null> {
    if (!(error instanceof TokenError) || error.status === 0 || error.status >= 500) return null;
    if (error.status !== 404 || repairs.started) throw new AppendError(error.message, error.status === 401);
    repairs.started = true;
    await this.options.token.startSession().catch((reason: unknown) => {
      const signIn = reason instanceof TokenError && reason.status === 401;
      throw new AppendError(
        reason instanceof Error ? reason.message : "The chat could not be started.",
        signIn,
      );
    });
    return await this.#post(body, partId, repairs);
  }

  async #send(body: string, partId: string, token: string): Promise<Response> {
    const { fetcher, url } = this.options;
    return await fetcher(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${token}`,
        "X-Part-Id": partId,
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

async function refused(response: Response): Promise<AppendError> {
  const { code, closedReason } = refusal.catch({}).parse(await response.json().catch(() => ({})));
  if (response.status === 409 && code === "session_closed") {
    return new SessionClosedError(closedReason ?? null);
  }
  if (response.status === 413) return new AppendError("The message is too long. Send it in smaller parts.");
  if (response.status === 401 || response.status === 403) {
    return new AppendError("The message was refused. Reload the page and send it again.");
  }
  return new AppendError(`The message was refused (${response.status}).`);
}
