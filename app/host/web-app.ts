import type { Server } from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { createRequestHandler } from "@remix-run/express";
import type { ServerBuild } from "@remix-run/node";
import compression from "compression";
import express, { type Express, type RequestHandler } from "express";
import { env } from "#app/env.server.ts";
import { frames } from "#app/host/frames.ts";
import {
  errorIdOf,
  failed,
  limitedBody,
  noStore,
  requestLog,
  sameOrigin,
  secured,
} from "#app/host/guards.ts";
import { withErrorIds } from "#app/host/failures.ts";
import { isGrowing, openEnded } from "#app/host/open-ended.ts";
import { ownNames } from "#app/host/own-names.ts";
import { trustProxies } from "#app/host/trust-proxies.ts";

declare module "@remix-run/node" {
  /** What this host hands to every loader, action and render. */
  interface AppLoadContext {
    /** This response's nonce, which its Content-Security-Policy names. */
    nonce: string;
    /** The address of whoever asks. */
    ip: string;
    /** Under which the log has what fails in this request, and which its person is told. */
    errorId?: string;
    /** Whose document goes on while an answer is written. */
    liveFor?: string;
  }
}

const YEAR = 31_536_000_000;

export type WebAppOptions =
  | { dev: false; buildDir: string }
  /** Vite transforms on the fly; its socket shares the web's port. */
  | { dev: true; server: Server };

/** The web server's routes: guards first, then files, then Remix. */
export async function createWebApp(options: WebAppOptions): Promise<Express> {
  const app = express();
  app.disable("x-powered-by");
  trustProxies(app, env().TRUSTED_PROXIES);
  app.use(requestLog, secured(options.dev), ownNames(env()), sameOrigin, limitedBody);
  const { files, build } = options.dev
    ? await development(options.server)
    : await production(options.buildDir);
  app.use(compression({ filter: compressible }));
  app.use("/frames", frames());
  app.use(files, noStore, openEnded, remix(build));
  app.use(failed);
  return app;
}

type Parts = { files: RequestHandler; build: ServerBuild | (() => Promise<ServerBuild>) };

/** Streams of events must leave at once, and a document that is cut off must still be readable. */
function compressible(req: express.Request, res: express.Response): boolean {
  if (isGrowing(req)) return false;
  if (String(res.getHeader("Content-Type")).startsWith("text/event-stream")) return false;
  return compression.filter(req, res);
}

async function production(buildDir: string): Promise<Parts> {
  const client = path.resolve(buildDir, "client");
  const router = express.Router();
  const fixed = { index: false, redirect: false, immutable: true, maxAge: YEAR, fallthrough: false };
  router.use("/assets", express.static(path.join(client, "assets"), fixed));
  router.use(express.static(client, { index: false, redirect: false, maxAge: 3_600_000 }));
  const entry = pathToFileURL(path.resolve(buildDir, "server/index.js")).href;
  return { files: router, build: (await import(entry)) as ServerBuild };
}

async function development(server: Server): Promise<Parts> {
  const { createServer } = await import("vite");
  const vite = await createServer({
    server: { middlewareMode: true, hmr: { server } },
    appType: "custom",
  });
  const build = () => vite.ssrLoadModule("virtual:remix/server-build") as Promise<ServerBuild>;
  return { files: vite.middlewares, build };
}

function remix(build: Parts["build"]): RequestHandler {
  return createRequestHandler({
    build: typeof build === "function" ? async () => withErrorIds(await build()) : withErrorIds(build),
    getLoadContext: (req, res) => ({
      nonce: String(res.locals.nonce),
      ip: req.ip ?? "unknown",
      errorId: errorIdOf(res),
    }),
  }) as RequestHandler;
}
