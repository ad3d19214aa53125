import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type App } from "../support/app.ts";
import { Hostile, randomFrom } from "../support/hostile-values.ts";
import { HttpUser } from "../support/http-user.ts";
import { newPerson } from "../support/page.ts";

// The same calls each time; another seed finds others.
const SEED = Number(process.env["FUZZ_SEED"] ?? 970_120);
const CALLS = Number(process.env["FUZZ_CALLS"] ?? 1000);

let app: App;
let admin: HttpUser;
let chatId: string;
beforeAll(async () => {
  // Every send is refused: what is tried here are forms, not answers.
  app = await startApp({ env: { LIMIT_ANSWERS_PER_DAY: "1", LIMIT_TOKENS_PER_DAY: "1", SIGNUP: "invite" } });
  admin = await new HttpUser(app).signUp();
  ({ chatId } = await admin.newChat());
  await app.query(
    `INSERT INTO "Usage" (id, "userId", "chatId", model, kind, "inputTokens", "outputTokens")
     SELECT $1, "userId", id, 'm', 'answer', 10, 0 FROM "Chat" WHERE id = $2`,
    [randomUUID(), chatId],
  );
});
afterAll(() => app?.stop());

type ManifestRoute = { id: string; parentId?: string; path?: string; index?: boolean; hasAction: boolean };

/** Every address that Remix's own manifest has, and whether something can be posted there. */
async function addresses(): Promise<{ path: string; posts: boolean }[]> {
  const page = await (await new HttpUser(app).get("/login")).text();
  const file = /\/assets\/manifest-[\w-]+\.js/.exec(page)?.[0] ?? "";
  const source = await (await admin.get(file)).text();
  const manifest = JSON.parse(source.slice(source.indexOf("{"), source.lastIndexOf("}") + 1)) as {
    routes: Record<string, ManifestRoute>;
  };
  const { routes } = manifest;
  const pathOf = (route: ManifestRoute | undefined): string =>
    route ? [pathOf(routes[route.parentId ?? ""]), route.path].filter(Boolean).join("/") : "";
  return Object.values(routes).map((route) => {
    const path = `/${pathOf(route)}`;
    return { path: path + (route.index && path !== "/" ? "?index" : ""), posts: route.hasAction };
  });
}

/** Forms as the pages send them. Those that would end or start something for good are not among them. */
const forms = (): Record<string, string>[] => [
  { name: "Ada", email: "ada@example.org", password: "tuba plinth 49", invite: "x", redirectTo: "/chats" },
  { intent: "rename", title: "A title" },
  { intent: "send", text: "hello", messageId: randomUUID() },
  { intent: "edit", target: randomUUID(), text: "hello" },
  { intent: "settings", model: "demo:demo", systemPrompt: "x", temperature: "1" },
  { intent: "withdraw", messageId: randomUUID(), text: "x" },
  { intent: "password", currentPassword: "x", newPassword: "y" },
  { intent: "email", newEmail: "a@example.org", emailPassword: "x" },
  { intent: "connect", provider: "oidc", connectPassword: "x" },
  { intent: "end-sign-in", id: "x" },
  { intent: "delete", deletePassword: "x", confirmation: "x" },
  { intent: "disable", userId: "x", search: "y", page: "2" },
  { token: "x", newPassword: "eleven quiet herons" },
];

const wellFormed = (text: string): string => Buffer.from(text).toString();

/** A post of a kind that browsers send, and of kinds that they do not. */
function hostilePost(hostile: Hostile): { body: BodyInit; type?: string } {
  const kind = hostile.random();
  if (kind < 0.55) {
    const form = new URLSearchParams(hostile.pick(forms()));
    const name = hostile.pick([...form.keys()]);
    form.set(name === "intent" && hostile.random() < 0.7 ? "text" : name, wellFormed(hostile.text()));
    if (hostile.random() < 0.2) form.append("__proto__[polluted]", "yes");
    // What would delete the chat or the session of whoever asks is not what this is about.
    if (form.get("intent") === "delete") form.set("intent", "rename");
    return { body: form };
  }
  if (kind < 0.8) return { body: wellFormed(hostile.body(forms())), type: "application/json" };
  if (kind < 0.9)
    return {
      body: '--x\r\nContent-Disposition: form-data; name="a"',
      type: "multipart/form-data; boundary=x",
    };
  return {
    body: wellFormed(hostile.text()),
    type: hostile.pick(["text/plain", "multipart/form-data", "x/y"]),
  };
}

const TABLES = [
  "User",
  "Chat",
  "Message",
  "Invite",
  "Identity",
  "EmailChange",
  "PasswordReset",
  "QueuedInput",
  "Document",
  "DocumentVersion",
  "Vote",
  "Attachment",
];

/** How many rows there are of everything that a form could make. */
async function counts(): Promise<Record<string, number>> {
  const rows = await app.query<{ name: string; n: number }>(
    TABLES.map((name) => `SELECT '${name}' AS name, count(*)::int AS n FROM "${name}"`).join(" UNION ALL "),
  );
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

test(`S15: hostile forms, bodies and addresses get 4xx with a sentence on every route, and store nothing (FUZZ_SEED=${SEED})`, async () => {
  const hostile = new Hostile(randomFrom(SEED));
  const all = await addresses();
  expect(all.filter(({ posts }) => posts).length).toBeGreaterThan(8);
  const people = [admin, new HttpUser(app)];
  const before = await counts();
  const webPid = app.pid("web");
  const wrong: string[] = [];
  let calls = 0;
  let uploads = 0;
  while (calls < Math.max(CALLS, 2 * all.length)) {
    const { path, posts } = all[calls++ % all.length] ?? { path: "/", posts: false };
    // A free id is no hostile one: it makes a chat.
    const free = path.endsWith("/session") ? chatId : randomUUID();
    const id = () =>
      encodeURIComponent(hostile.pick([chatId, free, wellFormed(hostile.text()).slice(0, 200) || "y"]));
    const filled = path.replace(/:[A-Za-z]+/g, id);
    const suffix = hostile.random() < 0.25 && !filled.includes("?") ? ".data" : "";
    const query =
      hostile.random() < 0.4
        ? `${filled.includes("?") ? "&" : "?"}${new URLSearchParams({ before: wellFormed(hostile.text()).slice(0, 500), page: "-5", token: "%00" })}`
        : "";
    const address = (filled === "/" && suffix ? "/_root" : filled) + suffix + query;
    // A sign-out is a sound answer of its route.
    if (path === "/logout") continue;
    const method = posts || hostile.random() < 0.3 ? "POST" : "GET";
    const { body, type } = hostilePost(hostile);
    const init =
      method === "GET"
        ? {}
        : { method, body, headers: { origin: app.url, ...(type ? { "content-type": type } : {}) } };
    const signal = AbortSignal.timeout(30_000);
    const answer = await hostile.pick(people).get(address, { ...init, signal });
    const said = await answer.text();
    // Any bytes are a sound file.
    if (path === "/attachments" && answer.status === 201) uploads++;
    const unsound = answer.status >= 500 || (answer.status >= 400 && !/[a-z]{3}/i.test(said));
    if (unsound)
      wrong.push(
        `${answer.status} ${method} ${address.slice(0, 200)} ${type ?? ""} ${JSON.stringify(body)?.slice(0, 200)}`,
      );
  }
  expect(wrong, `after ${calls} calls`).toEqual([]);
  const kept = (before["Attachment"] ?? 0) + uploads;
  expect(await counts()).toEqual({ ...before, Attachment: kept });
  expect(app.pid("web"), "the same process answers").toBe(webPid);
  expect((await admin.get("/healthz")).status).toBe(200);
  expect(app.logs(5000)).not.toContain("request-failed");
}, 300_000);

/** What no answer may hold: SQL, code, paths, names of tables. */
const INSIDE =
  /SELECT|INSERT|prisma|postgres|\.ts\b|\.js:\d|node_modules|at \w+ \(|relation|column|does not exist|LoginSession_|ChatSession_|\/work|\/home/i;

async function renamed(table: string, work: () => Promise<void>): Promise<void> {
  const [schema, name] = table.split(".") as [string, string];
  await app.query(`ALTER TABLE ${schema}."${name}" RENAME TO "${name}_gone"`);
  try {
    await work();
  } finally {
    await app.query(`ALTER TABLE ${schema}."${name}_gone" RENAME TO "${name}"`);
  }
}

test("S25: what fails inside is told as a number that the log explains, in pages, data, forms and JSON", async () => {
  const user = admin;
  await renamed("public.Chat", async () => {
    const asks: [string, () => Promise<Response>][] = [
      ["a page", () => user.get(`/chats/${chatId}`)],
      ["its data", () => user.get(`/chats/${chatId}.data`)],
      ["a form", () => user.post(`/chats/${chatId}`, { intent: "rename", title: "x" })],
      ["a JSON route", () => user.get(`/chats/${chatId}/messages?before=1`)],
    ];
    for (const [what, ask] of asks) {
      const answer = await ask();
      const said = await answer.text();
      expect(answer.status, `${what}: ${said}`).toBe(500);
      // Pages name their scripts, which is no secret.
      const text = said
        .replace(/<(script|link)\b[^>]*>(\s*import [^<]*)?/g, "")
        .replace(/window\.__remix\w+\s*=[^<]*/g, "");
      expect(text.replace(/"routes\/[^"]*"/g, ""), what).not.toMatch(INSIDE);
      const id = /log has it as ([0-9a-f]{12})|in the log as (?:<!-- -->)?([0-9a-f]{12})/.exec(said);
      const errorId = id?.[1] ?? id?.[2] ?? "none";
      const line = app
        .logs(5000)
        .split("\n")
        .find((one) => one.includes(errorId));
      expect(line, `${what}: ${errorId}`).toMatch(/"event":"request-failed".*Chat/);
    }
  });
  await renamed("local_trigger.sessions", async () => {
    const answer = await app.trigger(`/api/v1/sessions/${chatId}`);
    const said = await answer.text();
    expect([answer.status, said]).toEqual([500, expect.stringMatching(/Its log has it as [0-9a-f]{12}\./)]);
    expect(said).not.toMatch(INSIDE);
    const errorId = /as ([0-9a-f]{12})/.exec(said)?.[1] ?? "none";
    expect(app.logs(5000)).toMatch(new RegExp(`"event":"request.failed","errorId":"${errorId}"`));
  });
  const person = newPerson();
  expect((await new HttpUser(app).post("/login", { ...person })).status, "it goes on").toBe(400);
});
