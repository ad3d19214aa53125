import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebUnderTest } from "../../tests/support/web-routes.ts";

const ORIGIN = "http://127.0.0.1:3000";
const context = { nonce: "", ip: "127.0.0.1" };

let web: WebUnderTest;
let routes: Record<"search" | "import" | "export" | "chatExport", (request: Request) => Promise<Response>>;
beforeAll(async () => {
  web = await WebUnderTest.start();
  const search = await import("#app/routes/chats.search.tsx");
  const imports = await import("#app/routes/settings.import.ts");
  const exports = await import("#app/routes/settings.export.ts");
  const chatExport = await import("#app/routes/chats.$chatId.export.ts");
  const thrown = (error: unknown) => {
    if (error instanceof Response) return error;
    throw error;
  };
  routes = {
    search: async (request) => {
      const { data, init } = await search.loader({ request, params: {}, context });
      return Response.json(data, init ?? {});
    },
    import: (request) => imports.action({ request, params: {}, context }),
    export: (request) => exports.loader({ request, params: {}, context }),
    chatExport: (request) =>
      chatExport.loader({ request, params: { chatId: crypto.randomUUID() }, context }).catch(thrown),
  };
});
afterAll(() => web.stop());

const ask = (path: string, cookie: string, body?: FormData) =>
  new Request(ORIGIN + path, { headers: { Cookie: cookie }, ...(body ? { method: "POST", body } : {}) });

function fileForm(): FormData {
  const form = new FormData();
  const messages = [{ id: "1", role: "user", parts: [{ type: "text", text: "Mine" }] }];
  form.set("file", new Blob([JSON.stringify({ chats: [{ messages }] })]), "chats.json");
  return form;
}

const CALLS = [
  ["search", 120, 60, (cookie: string) => ask("/chats/search?q=river", cookie)],
  ["import", 20, 3600, (cookie: string) => ask("/settings/import", cookie, fileForm())],
  ["export", 20, 3600, (cookie: string) => ask("/settings/export", cookie)],
  ["chatExport", 100, 3600, (cookie: string) => ask("/chats/x/export", cookie)],
] as const;

test.each(CALLS)(
  "%s: after %i of them a person is told when to go on, and nobody else is",
  async (name, limit, seconds, request) => {
    const [ada, bob] = [await web.person(), await web.person()];
    for (let count = 0; count < limit; count++) {
      const answer = await routes[name](request(ada.cookie));
      await answer.body?.cancel();
      expect(answer.status).toBeLessThan(405);
    }
    const chats = await web.db().chat.count({ where: { userId: ada.userId } });
    const answer = await routes[name](request(ada.cookie));
    expect(answer.status).toBe(429);
    expect(await answer.text()).toMatch(/You have .+\. Try again in .+\./);
    const wait = Number(answer.headers.get("Retry-After"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(seconds);
    expect(await web.db().chat.count({ where: { userId: ada.userId } })).toBe(chats);
    const others = await routes[name](request(bob.cookie));
    await others.body?.cancel();
    expect(others.status).not.toBe(429);
  },
);

test("a search that the database has no answer to is ended soon, and told", async () => {
  const { cookie } = await web.person();
  const blocker = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
  await blocker.connect();
  try {
    await blocker.query(`BEGIN; LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE`);
    const began = performance.now();
    const answer = await routes.search(ask("/chats/search?q=river", cookie));
    expect(performance.now() - began).toBeLessThan(6_500);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      results: null,
      problem: expect.stringMatching(/took too long/),
    });
  } finally {
    await blocker.end();
  }
});
