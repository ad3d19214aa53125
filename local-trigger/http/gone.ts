import type { ServerResponse } from "node:http";

/** The client has left. A `close` that was told before anybody listened is not told again. */
export function isGone(res: ServerResponse): boolean {
  // Of HTTP/2 the compatibility API tells it of the stream alone.
  const { stream } = res as { stream?: { destroyed: boolean } };
  return res.destroyed || stream?.destroyed === true;
}

/** Calls `left` once the client has left: at once where it has. */
export function whenGone(res: ServerResponse, left: () => void): void {
  if (isGone(res)) left();
  else res.once("close", left);
}
