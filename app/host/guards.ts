import { randomBytes } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { env } from "#app/env.server.ts";
import { hostOf } from "#app/host/request-facts.ts";
import { securityHeaders } from "#app/host/security-headers.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { publicTriggerUrl } from "#app/server/trigger-url.server.ts";

/** As much as local-trigger takes for one message. */
const MAX_BODY = 1_048_576;
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** One line a request: no query, no body, no cookie. */
export const requestLog: RequestHandler = (req, res, next) => {
  const started = performance.now();
  const { method, path } = req;
  res.once("close", () => {
    if (path.startsWith("/assets/")) return;
    const ms = Math.round(performance.now() - started);
    log("info", "request", { method, path, status: res.statusCode, ms, complete: res.writableFinished });
  });
  next();
};

/** The route sends the same policy once more: an address that only it understands gets that and the page's. */
const FRAMED = /^\/chats\/[^/]+\/documents\/[^/]+\/frame$/;

/** Refuses what is no HTTP host and what no database takes in a text, then sets the headers that every answer has. */
export const secured =
  (dev: boolean): RequestHandler =>
  (req, res, next) => {
    const host = hostOf(req);
    if (host === null) return void res.status(400).type("text").send("The Host header is not valid.\n");
    if (req.originalUrl.includes("%00")) {
      return void res.status(400).type("text").send("An address cannot hold the character NUL.\n");
    }
    const nonce = randomBytes(16).toString("base64");
    res.locals.nonce = nonce;
    const triggerUrl = publicTriggerUrl(`${req.protocol}://${host}`);
    res.set(securityHeaders({ nonce, triggerUrl, https: req.secure, dev, framed: FRAMED.test(req.path) }));
    next();
  };

/** Nothing but a read may come from another site. Scripts outside of browsers send no Origin, and pass. */
export const sameOrigin: RequestHandler = (req, res, next) => {
  const origin = req.get("Origin");
  if (SAFE.has(req.method) || origin === undefined) return next();
  if (URL.canParse(origin) && new URL(origin).host === ownHost(req)) return next();
  log("warn", "foreign-origin", { method: req.method, path: req.path });
  res.status(403).type("text").send("This request came from another site.\n");
};

/** As URL writes it: lower case, without the scheme's usual port. */
function ownHost(req: Request): string {
  return new URL(`${req.protocol}://${hostOf(req)}`).host;
}

/** Files come alone, or with the form of a message. What else a form holds is less than MAX_BODY. */
const TAKES_FILE = /^\/attachments$/;
/** `app/settings/chats-section.tsx` says so. */
const TAKES_CHATS = /^\/settings\/import$/;
const CHATS_BYTES = 20 * 1_048_576;
const TAKES_FILES = /^\/chats(\/[0-9a-f-]{36})?$/;

function mostBytes(req: Request): number {
  const { ATTACHMENT_FILE_MB, ATTACHMENT_MESSAGE_MB } = env();
  if (req.method !== "POST") return MAX_BODY;
  if (TAKES_FILE.test(req.path)) return ATTACHMENT_FILE_MB + MAX_BODY;
  if (TAKES_CHATS.test(req.path)) return CHATS_BYTES + MAX_BODY;
  const files = TAKES_FILES.test(req.path) && req.is("multipart/form-data");
  return files ? ATTACHMENT_MESSAGE_MB + MAX_BODY : MAX_BODY;
}

/** Every body tells its length, and none is larger than a message with its files can be. */
export const limitedBody: RequestHandler = (req, res, next) => {
  if (req.headers["transfer-encoding"] !== undefined) {
    return void res.status(411).type("text").send("Send a Content-Length.\n");
  }
  if (Number(req.headers["content-length"] ?? 0) > mostBytes(req)) {
    return void res.status(413).set("Connection", "close").type("text").send("This is too large.\n");
  }
  next();
};

/** Pages hold messages and tokens. A file says for itself how it may be kept. */
export const noStore: RequestHandler = (req, res, next) => {
  if (!req.path.startsWith("/attachments/")) res.set("Cache-Control", "no-store");
  next();
};

/** One for each request, made when it is first asked for: what a person is told, and the log explains. */
export const errorIdOf = (res: Response): string =>
  String((res.locals.errorId ??= randomBytes(6).toString("hex")));

/** What nothing else answered. Nobody is told more than that. */
export function failed(error: unknown, req: Request, res: Response, _next: NextFunction): void {
  const { status = 500 } = error as { status?: number };
  if (status >= 500)
    log("error", "request-failed", {
      errorId: errorIdOf(res),
      method: req.method,
      path: req.path,
      ...describeError(error),
    });
  if (res.headersSent) return void res.destroy();
  res
    .status(status)
    .type("text")
    .send(status === 404 ? "Not found.\n" : unexplained(status, res));
}

const unexplained = (status: number, res: Response): string =>
  status < 500
    ? "This request is not valid.\n"
    : `Something went wrong. The log has it as ${errorIdOf(res)}.\n`;
