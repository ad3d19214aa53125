import { z } from "zod";
import type { TokenReply } from "#app/shared/resume-handle.ts";

const reply: z.ZodType<TokenReply> = z.object({ publicAccessToken: z.string().min(1) });

/** Longer than the server's own patience with the Trigger API. */
const TIMEOUT_MS = 15_000;

/** The app did not hand out a token. `status` 401: signed out; 404: no such chat; 0: not reached. */
export class TokenError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "TokenError";
  }
}

/** The token of one chat's session: kept, renewed once for all who find it expired at the same time. */
export class SessionToken {
  #pending: Promise<string> | null = null;

  constructor(
    private readonly chatUrl: string,
    private token: string | null,
    private readonly fetcher: typeof fetch,
  ) {}

  get known(): boolean {
    return this.token !== null;
  }

  /** A token that came with the page. What a turn's last record may bring is not used: it ends too soon. */
  offer(token: string | null): void {
    if (token !== null && token !== "") this.token = token;
  }

  async current(): Promise<string> {
    return this.token ?? (await this.renew(null));
  }

  /** After a 401 or 403 on `refused`. Gives the newer one when somebody else has renewed it already. */
  async renew(refused: string | null): Promise<string> {
    if (this.token !== null && this.token !== refused) return this.token;
    return await this.#once("token");
  }

  /** The session is not there: makes it (or finds it), with a token. */
  async startSession(): Promise<string> {
    return await this.#once("session");
  }

  #once(route: "token" | "session"): Promise<string> {
    this.#pending ??= this.#ask(route).finally(() => (this.#pending = null));
    return this.#pending;
  }

  async #ask(route: "token" | "session"): Promise<string> {
    const { publicAccessToken } = reply.parse(await (await this.#post(route)).json());
    this.token = publicAccessToken;
    return publicAccessToken;
  }

  async #post(route: "token" | "session"): Promise<Response> {
    const fetcher = this.fetcher;
    const response = await fetcher(`${this.chatUrl}/${route}`, {
      method: "POST",
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => {
      throw new TokenError(0, "The server cannot be reached.");
    });
    if (response.ok) return response;
    if (response.status === 401) throw new TokenError(401, "You are signed out. Sign in again to go on.");
    if (response.status === 404) throw new TokenError(404, "This chat does not exist any more.");
    if (response.status === 429)
      throw new TokenError(429, "Many chats were begun in this minute. Wait a moment, and send it again.");
    throw new TokenError(response.status, `The server did not renew the connection (${response.status}).`);
  }
}
