import { HttpError } from "./errors.ts";
import { whenGone } from "./gone.ts";
import type { RequestContext } from "./router.ts";

/** Streams that tokens hold open at once of one session or run: far more than a person has tabs. */
const defaultReaders = 1000;
const retryAfterSeconds = 10;

/** Counts the streams that are open with a token, so that one token cannot hold all connections of the server. */
export class ReaderLimit {
  private readonly open = new Map<string, number>();

  constructor(private readonly most: number = defaultReaders) {}

  /** Until `c` is over. Throws 429 when there are too many; the secret key is not counted. */
  enter(c: RequestContext, key: string): void {
    if (c.credential?.kind !== "jwt") return;
    const open = this.open.get(key) ?? 0;
    if (open >= this.most) {
      throw new HttpError(429, "Too many streams of this chat are open. Close some tabs.", {
        headers: { "retry-after": String(retryAfterSeconds) },
      });
    }
    this.open.set(key, open + 1);
    whenGone(c.res, () => this.leave(key));
  }

  private leave(key: string): void {
    const open = (this.open.get(key) ?? 0) - 1;
    if (open > 0) this.open.set(key, open);
    else this.open.delete(key);
  }
}
