import type { RequestHandler } from "express";

const GROWING = /^\/chats\/[^/]+\/live$/;

/** A document that is sent as long as an answer is written. */
export const isGrowing = ({ path }: { path: string }): boolean => GROWING.test(path);

/**
 * Such a document ends where its connection does. In chunks it would have an end of its own, and where that does not
 * come because the server was killed, a browser shows an error and never follows the refresh in it.
 */
export const openEnded: RequestHandler = (req, res, next) => {
  if (isGrowing(req)) {
    res.useChunkedEncodingByDefault = false;
    res.shouldKeepAlive = false;
  }
  next();
};
