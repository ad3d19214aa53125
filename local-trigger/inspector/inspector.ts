import type { RequestContext } from "../http/router.ts";
import type { Log } from "../log.ts";
import type { RunEngine } from "../runs/run-engine.ts";
import type { PostgresStreamStore } from "../streams/postgres-stream-store.ts";
import type { Access, SignIn } from "./access.ts";
import type { PageContent } from "./page.ts";

export type InspectorDeps = {
  runs: RunEngine;
  streams: PostgresStreamStore;
  access: Access;
  /** The worker host's folder of `<runId>.log` files. */
  runLogsDir?: string;
  log: Log;
};

/** What a page is made for: who asks, and for what. */
export type PageRequest = { c: RequestContext; deps: InspectorDeps; signIn: SignIn };

/** A page of the signed-in; null when there is no such thing. */
export type PageMaker = (request: PageRequest) => Promise<PageContent | null>;
