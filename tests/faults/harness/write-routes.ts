import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "../../support/app.ts";

/** A write route of local-trigger with what stands behind its names, and with the key that opens it. */
export interface Target {
  method: string;
  /** Path alone, as its signature may follow. */
  path: string;
  address: string;
  /** A form of the inspector's own: it takes no key but its cookie. */
  isPage: boolean;
  ask: (body: string | Uint8Array<ArrayBuffer>) => Promise<Response>;
}

/** What ends a run or a session comes last: the others need both. */
const ENDS = /\/(cancel|close|end-and-continue|disconnect)$/;

/** Every write route, out of the table in its README that a test keeps true, about this chat and its run. */
export async function triggerRoutes(app: App, chatId: string): Promise<Target[]> {
  const [ids, signed] = await realIds(app, chatId);
  const table = readFileSync("local-trigger/README.md", "utf8").matchAll(
    /^\| ([A-Z, ]+) \| `(\/[^`]+)` \| (\w+) \|/gm,
  );
  const targets = [...table].flatMap(([, methods = "", pattern = "", access = ""]) =>
    methods
      .split(", ")
      .filter((method) => /^(POST|PUT|PATCH|DELETE)$/.test(method))
      .flatMap((method) =>
        expanded(pattern).map((one) => targetOf(app, { method, access, pattern: one }, ids, signed)),
      ),
  );
  return [
    ...targets.filter(({ path }) => !ENDS.test(path)),
    ...targets.filter(({ path }) => ENDS.test(path)),
  ];
}

/** `/a/{b,c}` stands for two addresses. */
function expanded(pattern: string): string[] {
  const braces = /\{([^}]+)\}/.exec(pattern);
  if (!braces) return [pattern];
  return (braces[1] ?? "").split(",").flatMap((one) => expanded(pattern.replace(braces[0], one)));
}

type Ids = Record<string, string>;
/** Addresses that carry their own key, by the route's pattern. */
type Signed = Record<string, { url: string; bearer?: string }>;

type Route = { method: string; pattern: string; access: string };

function targetOf(app: App, { method, pattern, access }: Route, ids: Ids, signed: Signed): Target {
  const own = signed[pattern];
  const key = own ? own.bearer : keyOf(app, access);
  const plain = pattern.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? ids["id"] ?? "");
  const url = new URL(own?.url ?? plain, app.triggerUrl);
  const headers = { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const ask: Target["ask"] = (body) => fetch(url, { method, body, headers });
  return { method, path: url.pathname, address: pattern, isPage: access === "page", ask };
}

const keyOf = (app: App, access: string): string =>
  readFileSync(
    join(app.dataDir, access === "pat" ? "trigger-access-token" : "trigger-secret-key"),
    "utf8",
  ).trim();

async function realIds(app: App, chatId: string): Promise<[Ids, Signed]> {
  const call = async (method: string, address: string, body: object = {}) => {
    const response = await app.trigger(address, {
      method,
      ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
      headers: { "content-type": "application/json" },
    });
    if (!response.ok) throw new Error(`${method} ${address} answered ${response.status}`);
    return { headers: response.headers, json: (await response.json()) as Record<string, string> };
  };
  const run = (await call("GET", `/api/v1/sessions/${chatId}`)).json["currentRunId"] ?? "";
  const latest = await call("GET", `/engine/v1/dev/runs/${run}/snapshots/latest`);
  const { execution } = latest.json as unknown as { execution: { snapshot: { friendlyId: string } } };
  const batch = await call("POST", "/api/v3/batches", { runCount: 1 });
  const token = (await call("POST", "/api/v1/waitpoints/tokens", { timeout: "1h" })).json;
  const out = (await call("PUT", `/realtime/v1/sessions/${chatId}/out`)).headers;
  const name = encodeURIComponent(out.get("x-s2-stream-name") ?? "");
  const snapshot = (await call("PUT", `/api/v1/sessions/${chatId}/snapshot-url`)).json;
  const packet = (await call("PUT", "/api/v2/packets/hostile.json")).json;
  return [
    {
      id: chatId,
      run,
      snapshot: execution.snapshot.friendlyId,
      batch: batch.json["id"] ?? "",
      token: token["id"] ?? "",
      ref: "proj_longrun",
    },
    {
      "/v1/streams/:stream/records": {
        url: `${out.get("x-s2-endpoint")}/streams/${name}/records`,
        bearer: out.get("x-s2-access-token") ?? "",
      },
      "/snapshots/:id": { url: snapshot["presignedUrl"] ?? "" },
      "/packets/:path": { url: packet["presignedUrl"] ?? "" },
      "/api/v1/waitpoints/tokens/:token/callback/:hash": { url: token["url"] ?? "" },
    },
  ];
}
