import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describeError, type Log } from "../log.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { authenticate, type Credential, type Keys } from "./credentials.ts";
import { HttpError, forbidden, unauthorized } from "./errors.ts";

export type { Credential } from "./credentials.ts";

export type RequestContext = {
  req: IncomingMessage;
  res: ServerResponse;
  url: URL;
  params: Record<string, string>;
  credential: Credential | null;
  log: Log;
};

/**
 * `signed`: the handler checks a signature that was made for this one URL or stream; `page`: it checks the cookie of a
 * sign-in with the secret key. `realtime`: browsers call it, so it has CORS.
 */
export type Route = {
  method: string;
  path: string;
  access: "public" | "signed" | "secret" | "pat" | "jwt-or-secret" | "page";
  realtime?: boolean;
  handler: (c: RequestContext) => Promise<void>;
};

type Compiled = Route & { pattern: RegExp; names: string[] };
type Match = { route: Compiled; params: Record<string, string> };

/** Finds the route, enforces its access, runs it, and writes every error as JSON. One instance serves HTTP/1.1 and HTTP/2. */
export class Router {
  private readonly routes: Compiled[];

  constructor(
    routes: Route[],
    private readonly deps: { keys: Keys; log: Log },
  ) {
    this.routes = routes.map(compile);
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let realtime = false;
    let route: Route | null = null;
    try {
      const url = parseUrl(req);
      const matches = this.matches(url.pathname);
      realtime = matches.some(({ route }) => route.realtime) || url.pathname.startsWith("/realtime/");
      if (req.method === "OPTIONS" && realtime) return void res.writeHead(204, preflightHeaders(req)).end();
      const match = matches.find(({ route }) => route.method === req.method);
      if (!match) throw noRoute(url.pathname, matches);
      route = match.route;
      if (route.realtime) for (const [name, value] of corsHeaders) res.setHeader(name, value);
      const credential = await authenticate(req.headers.authorization, this.deps.keys);
      checkAccess(route.access, credential);
      await route.handler({ req, res, url, params: match.params, credential, log: this.deps.log });
    } catch (error) {
      this.logDenial(route, error);
      this.fail(req, res, error, { realtime, pattern: route?.path });
    }
  }

  /** By the route's pattern: what stands in its places may be somebody's. */
  private logDenial(route: Route | null, error: unknown): void {
    if (!route || !(error instanceof HttpError) || (error.status !== 401 && error.status !== 403)) return;
    const { method, path } = route;
    this.deps.log.info("access.denied", { method, route: path, status: error.status });
  }

  private matches(path: string): Match[] {
    return this.routes.flatMap((route) => {
      const found = route.pattern.exec(path);
      return found ? [{ route, params: decodeParams(route.names, found) }] : [];
    });
  }

  private fail(
    req: IncomingMessage,
    res: ServerResponse,
    error: unknown,
    at: { realtime: boolean; pattern: string | undefined },
  ): void {
    const answer = error instanceof HttpError ? error : this.unexpected(req, at.pattern, error);
    if (res.headersSent) return void res.destroy();
    if (at.realtime) for (const [name, value] of corsHeaders) res.setHeader(name, value);
    res.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    res.end(JSON.stringify(answer.body));
  }

  /**
   * What is not for callers to see goes to the log, under the number that they are told. The route's pattern, not the
   * address: the one of a token's callback holds what completes it.
   */
  private unexpected(req: IncomingMessage, route: string | undefined, error: unknown): HttpError {
    const errorId = randomBytes(6).toString("hex");
    const { method } = req;
    this.deps.log.error("request.failed", { errorId, method, route, error: describeError(error) });
    return new HttpError(500, `local-trigger could not answer. Its log has it as ${errorId}.`);
  }
}

function checkAccess(access: Route["access"], credential: Credential | null): void {
  if (access === "public" || access === "signed" || access === "page") return;
  if (!credential) throw unauthorized();
  if (access === "pat") {
    if (credential.kind !== "pat") throw unauthorized("Invalid or missing personal access token.");
    return;
  }
  if (credential.kind === "secret") return;
  if (credential.kind === "pat") throw unauthorized("This route needs the secret key, not the access token.");
  if (access === "secret") throw forbidden("This route needs the secret key.");
}

function noRoute(path: string, matches: Match[]): HttpError {
  if (/^\/v1\/(streams|basins|access-tokens)(\/|$)/.test(path))
    return new HttpError(
      501,
      "local-trigger serves appends to S2 streams alone: read a stream below /realtime/v1, as the SDK does.",
    );
  if (matches.length > 0) {
    const allow = [...new Set(matches.map(({ route }) => route.method))].join(", ");
    return new HttpError(405, `This address answers ${allow} only.`, { headers: { allow } });
  }
  if (/^\/(api|engine|realtime)\//.test(path)) {
    return new HttpError(
      501,
      "local-trigger does not serve this part of the Trigger.dev API; local-trigger/README.md lists what it serves.",
    );
  }
  return new HttpError(404, "Not found.");
}

function compile(route: Route): Compiled {
  const names: string[] = [];
  const source = route.path.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    names.push(name);
    return "([^/]+)";
  });
  return { ...route, names, pattern: new RegExp(`^${source}$`) };
}

function decodeParams(names: string[], found: RegExpExecArray): Record<string, string> {
  try {
    return Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1] ?? "")]));
  } catch {
    throw new HttpError(400, "The address is not valid percent-encoding.");
  }
}

function parseUrl(req: IncomingMessage): URL {
  // No name and no filter holds one, and Postgres takes none.
  if (/%00/.test(req.url ?? "")) throw new HttpError(400, "The address holds a null character.");
  const url = URL.parse(`http://local${req.url ?? "/"}`);
  if (!url) throw new HttpError(400, "The address is not valid.");
  return url;
}
