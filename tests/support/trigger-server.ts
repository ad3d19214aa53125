import { randomUUID } from "node:crypto";
import pg from "pg";
import { createLog } from "#local-trigger/log.ts";
import { startLocalTrigger, type LocalTrigger, type LocalTriggerOptions } from "#local-trigger/start.ts";
import { signToken } from "#local-trigger/wire/tokens.ts";
import { emptyDatabase } from "./database.ts";

/** The inside of a local server under test: what a foreign one does not let us see or change. */
export type LocalInside = {
  server: LocalTrigger;
  databaseUrl: string;
  accessToken: string;
  logged: string[];
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  /** Stops the server and starts it anew on the same port and database. */
  restart(): Promise<void>;
};

export type TriggerUnderTest = {
  url: string;
  key: string;
  /** A token as the SDK signs it. */
  token(scopes: string[], expiresIn?: string | number): Promise<string>;
  /** Null when the suite runs against TRIGGER_CONTRACT_URL. */
  local: LocalInside | null;
  stop(): Promise<void>;
};

/** The given Trigger API (TRIGGER_CONTRACT_URL and TRIGGER_CONTRACT_KEY), or a fresh local-trigger on a database of its own. */
export async function triggerUnderTest(
  options: Partial<LocalTriggerOptions> = {},
): Promise<TriggerUnderTest> {
  const url = process.env["TRIGGER_CONTRACT_URL"];
  const key = process.env["TRIGGER_CONTRACT_KEY"];
  if (url && key) {
    const token = (scopes: string[], expiresIn?: string | number) => signToken(key, scopes, expiresIn);
    return { url, key, token, local: null, stop: async () => {} };
  }
  return localUnderTest(options);
}

/** A fresh local-trigger whose inside can be seen, whatever the environment says. */
export async function localUnderTest(
  options: Partial<LocalTriggerOptions> = {},
): Promise<TriggerUnderTest & { local: LocalInside }> {
  const database = await emptyDatabase();
  const logged: string[] = [];
  const settings: LocalTriggerOptions = {
    host: "127.0.0.1",
    port: 0,
    databaseUrl: database.url,
    secretKey: `tr_dev_${randomUUID()}`,
    accessToken: `tr_pat_${randomUUID()}`,
    projectRef: "proj_longrun",
    log: createLog("debug", (line) => void logged.push(line)),
    trimDelayMs: 300,
    ...options,
  };
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  let server = await startLocalTrigger(settings);
  settings.port = server.port;
  const local: LocalInside = {
    server,
    databaseUrl: database.url,
    accessToken: settings.accessToken,
    logged,
    query: async (text, values) => (await client.query(text, values)).rows,
    restart: async () => {
      await server.stop();
      server = await startLocalTrigger(settings);
      local.server = server;
    },
  };
  return {
    url: server.url,
    key: settings.secretKey,
    token: (scopes, expiresIn) => signToken(settings.secretKey, scopes, expiresIn),
    local,
    stop: async () => {
      await server.stop();
      await client.end();
      await database.drop();
    },
  };
}
