import { randomUUID } from "node:crypto";
import type { AppLoadContext } from "@remix-run/node";
import { startLocalTrigger, type LocalTrigger } from "#local-trigger/start.ts";
import { emptyDatabase, testDatabase, type TestDatabase } from "./database.ts";

const SECRET = "tr_test_the_key_of_the_route_tests";
const ORIGIN = "http://127.0.0.1:3000";
const context: AppLoadContext = { nonce: "", ip: "127.0.0.1" };

/** What a loader or an action gave, thrown Responses included. */
export type Outcome = { status: number; location: string | null; body: string };

async function importRoutes() {
  return {
    list: await import("#app/routes/chats.tsx"),
    index: await import("#app/routes/chats._index.tsx"),
    chat: await import("#app/routes/chats.$chatId.tsx"),
    session: await import("#app/routes/chats.$chatId.session.ts"),
    token: await import("#app/routes/chats.$chatId.token.ts"),
    settings: await import("#app/routes/settings.tsx"),
    health: await import("#app/routes/healthz.ts"),
    database: await import("#app/models/db.server.ts"),
  };
}

const pageRequest = (path: string, cookie = "") =>
  new Request(ORIGIN + path, { headers: { Cookie: cookie } });

const post = (path: string, cookie: string, fields: Record<string, string> = {}) =>
  new Request(ORIGIN + path, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { Cookie: cookie },
  });

export async function outcome(work: Promise<unknown>): Promise<Outcome> {
  const value = await work.catch((thrown: unknown) => {
    if (thrown instanceof Response) return thrown;
    throw thrown;
  });
  if (value instanceof Response) {
    return { status: value.status, location: value.headers.get("Location"), body: await value.text() };
  }
  const { data, init } = value as { data?: unknown; init?: ResponseInit | null };
  return { status: init?.status ?? 200, location: null, body: JSON.stringify(data ?? value) };
}

export const tokenOf = ({ body }: Outcome) =>
  (JSON.parse(body) as { publicAccessToken: string }).publicAccessToken;

/** The web's loaders and actions over a real Postgres and a real local-trigger, called with real Requests. */
export class WebUnderTest {
  private constructor(
    readonly routes: Awaited<ReturnType<typeof importRoutes>>,
    readonly trigger: LocalTrigger,
    private readonly databases: TestDatabase[],
  ) {}

  static async start(): Promise<WebUnderTest> {
    const [database, triggerDatabase] = await Promise.all([testDatabase(), emptyDatabase()]);
    const trigger = await startLocalTrigger({
      host: "127.0.0.1",
      port: 0,
      databaseUrl: triggerDatabase.url,
      secretKey: SECRET,
      accessToken: "tr_pat_of_the_route_tests",
      projectRef: "proj_longrun",
    });
    Object.assign(process.env, {
      DATABASE_URL: database.url,
      SESSION_SECRET: "a secret of the tests, long enough",
      TRIGGER_API_URL: trigger.url,
      TRIGGER_SECRET_KEY: SECRET,
      LOCAL_TRIGGER_PORT: String(trigger.port),
      OLLAMA_BASE_URL: "off",
    });
    return new WebUnderTest(await importRoutes(), trigger, [database, triggerDatabase]);
  }

  private triggerStopped: Promise<void> | undefined;

  /** Takes the Trigger API away, for good. */
  stopTrigger(): Promise<void> {
    return (this.triggerStopped ??= this.trigger.stop());
  }

  async stop(): Promise<void> {
    await this.routes.database.disconnect();
    await this.stopTrigger();
    await Promise.all(this.databases.map((database) => database.drop()));
  }

  db() {
    return this.routes.database.db();
  }

  /** A signed-in person's cookie and id. */
  async person(): Promise<{ cookie: string; userId: string }> {
    const { createUser } = await import("#app/models/user.server.ts");
    const { createLoginSession } = await import("#app/models/login-session.server.ts");
    const { loginCookie } = await import("#app/server/login-cookie.server.ts");
    const user = await createUser({
      email: `${randomUUID()}@example.org`,
      name: "Ada",
      passwordHash: "none",
    });
    if (!user) throw new Error("the account was not made");
    const token = await createLoginSession({ userId: user.id, userAgent: null, ip: null });
    const cookie = (await loginCookie(new Request(ORIGIN), token)).split(";")[0] ?? "";
    return { cookie, userId: user.id };
  }

  openSession(cookie: string, chatId: string): Promise<Outcome> {
    const request = post(`/chats/${chatId}/session`, cookie);
    return outcome(this.routes.session.action({ request, params: { chatId }, context }));
  }

  renewToken(cookie: string, chatId: string): Promise<Outcome> {
    const request = post(`/chats/${chatId}/token`, cookie);
    return outcome(this.routes.token.action({ request, params: { chatId }, context }));
  }

  loadChat(cookie: string, chatId: string) {
    const request = pageRequest(`/chats/${chatId}`, cookie);
    return this.routes.chat.loader({ request, params: { chatId }, context });
  }

  act(cookie: string, chatId: string, fields: Record<string, string>): Promise<Outcome> {
    const request = post(`/chats/${chatId}`, cookie, fields);
    return outcome(this.routes.chat.action({ request, params: { chatId }, context }));
  }

  sendFirst(cookie: string, fields: Record<string, string>): Promise<Outcome> {
    const request = post("/chats?index", cookie, fields);
    return outcome(this.routes.index.action({ request, params: {}, context }));
  }

  saveSettings(cookie: string, fields: Record<string, string>): Promise<Outcome> {
    const request = post("/settings", cookie, fields);
    return outcome(this.routes.settings.action({ request, params: {}, context }));
  }

  newChat(cookie: string) {
    return this.routes.index.loader({ request: pageRequest("/chats", cookie), params: {}, context });
  }

  async list(cookie: string, path = "/chats") {
    const request = pageRequest(path, cookie);
    return (await this.routes.list.loader({ request, params: {}, context })).data;
  }

  health(): Promise<Outcome> {
    return outcome(this.routes.health.loader());
  }

  /** The records of a chat's `.in`. */
  async appended(chatId: string): Promise<{ id: string; data: string }[]> {
    const reply = await this.ask(`/realtime/v1/sessions/${chatId}/in/records`);
    return (reply as { records: { id: string; data: string }[] }).records;
  }

  /** How many runs a chat has had. */
  async runCount(chatId: string): Promise<number> {
    return ((await this.ask(`/api/v1/runs?filter[tag]=chat:${chatId}`)) as { data: unknown[] }).data.length;
  }

  /** Why a chat's session was closed; null while it is open. */
  async closedReason(chatId: string): Promise<string | null> {
    return ((await this.ask(`/api/v1/sessions/${chatId}`)) as { closedReason: string | null }).closedReason;
  }

  private async ask(path: string): Promise<unknown> {
    const response = await fetch(this.trigger.url + path, { headers: { Authorization: `Bearer ${SECRET}` } });
    return response.json();
  }
}
