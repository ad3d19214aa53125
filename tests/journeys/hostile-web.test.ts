import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type App } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { addresses, furnished, type Address } from "../support/furnished.ts";
import { Hostile, randomFrom } from "../support/hostile-values.ts";
import { HttpUser } from "../support/http-user.ts";
import { newPerson } from "../support/page.ts";
import {
  intentsUncalled,
  PROVIDER,
  signedOutCalls,
  soundCalls,
  type SoundCall,
} from "../support/sound-calls.ts";

// The same calls each time; another seed finds others.
const SEED = Number(process.env["FUZZ_SEED"] ?? 970_120);
const CALLS = Number(process.env["FUZZ_CALLS"] ?? 1000);

let app: App;
let admin: HttpUser;
let chatId: string;
let calls: Record<string, SoundCall[]>;
beforeAll(async () => {
  // No limit stands before a form, and whatever is stored the web server has stored: no run answers.
  app = await startApp({ env: { ...PROVIDER, LIMIT_ANSWERS_PER_DAY: "0", LIMIT_TOKENS_PER_DAY: "0" } });
  app.keepDown("worker");
  const me = newPerson();
  admin = await new HttpUser(app).signUp(me);
  const named = await furnished(app, admin, me);
  ({ chatId } = named);
  calls = { ...soundCalls(named), ...signedOutCalls(me) };
});
afterAll(() => app?.stop());

const wellFormed = (text: string): string => Buffer.from(text).toString();

/** A form as the route's pages send it, or in a while any other; what would delete an account is never confirmed. */
function formFor(hostile: Hostile, id: string): Record<string, string> {
  const own = hostile.random() < 0.8 ? calls[id] : undefined;
  const forms = (own ?? Object.values(calls).flat()).map(({ fields = {} }) => fields);
  const form = { ...hostile.pick(forms.length > 0 ? forms : [{}]) };
  if ("confirmation" in form) form["confirmation"] = "x";
  return form;
}

type Post = { body: URLSearchParams | string; type?: string; deletes?: boolean };

/** A post of a kind that browsers send, and of kinds that they do not. */
function hostilePost(hostile: Hostile, id: string): Post {
  const kind = hostile.random();
  const sound = formFor(hostile, id);
  if (kind < 0.65) {
    const form = new URLSearchParams(sound);
    const name = hostile.pick([...form.keys(), "intent"]);
    if (hostile.random() < 0.95)
      form.set(name === "intent" && hostile.random() < 0.8 ? "text" : name, wellFormed(hostile.text()));
    if (hostile.random() < 0.2) form.append("__proto__[polluted]", "yes");
    return { body: form, deletes: form.get("intent") === "delete" };
  }
  if (kind < 0.8) return { body: wellFormed(hostile.body([sound])), type: "application/json" };
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

/** Links that are mailed are not among them: they are stored after the answer, which tells nothing of an account. */
const TABLES = [
  "User",
  "Chat",
  "Message",
  "Invite",
  "Identity",
  "QueuedInput",
  "Decision",
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

/** The whole of an answer, or what did not come of it. */
async function saidBy(asked: Promise<Response>, { what, follows }: { what: string; follows: boolean }) {
  try {
    const answer = await asked;
    const { status } = answer;
    if (!follows || status !== 200) return { status, said: await answer.text() };
    await answer.body?.cancel();
    return { status, said: "" };
  } catch (cause) {
    throw new Error(`no answer to ${what}`, { cause });
  }
}

/** Lets whoever is held back by a number of tries go on: what is tried here are forms. */
const forgetTries = () => app.query(`DELETE FROM "ThrottleWindow"`);

test("S15: each intent that an action switches on has a form that is played here", () => {
  expect(intentsUncalled(calls), "say in tests/support/sound-calls.ts what a sound form of it is").toEqual(
    [],
  );
});

test(`S15: hostile forms, bodies and addresses get an answer with a sentence on every route, and what is refused stores nothing (FUZZ_SEED=${SEED})`, async () => {
  const hostile = new Hostile(randomFrom(SEED));
  const all = await addresses(app, admin);
  expect(all.filter(({ id, posts }) => posts && !calls[id])).toEqual([]);
  const webPid = app.pid("web");
  const wrong: string[] = [];
  let before = await counts();
  let played = 0;
  let done = 0;
  while (played < Math.max(CALLS, 2 * all.length)) {
    const { id: route, path, posts } = all[played++ % all.length] as Address;
    const { body, type, deletes } = hostilePost(hostile, route);
    // A free id is no hostile one: it makes a chat.
    const free = path.endsWith("/session") ? chatId : randomUUID();
    const known = deletes ? [free] : [chatId, chatId, free];
    const id = () =>
      encodeURIComponent(hostile.pick([...known, wellFormed(hostile.text()).slice(0, 200) || "y"]));
    const filled = path.replace(":documentId", "1").replace(/:[A-Za-z]+/g, id);
    const suffix = hostile.random() < 0.25 && !filled.includes("?") ? ".data" : "";
    const query =
      hostile.random() < 0.4
        ? `${filled.includes("?") ? "&" : "?"}${new URLSearchParams({ before: wellFormed(hostile.text()).slice(0, 500), page: "-5", token: "%00" })}`
        : "";
    const address = (filled === "/" && suffix ? "/_root" : filled) + suffix + query;
    // A sign-out is a sound answer of its route.
    if (path === "/logout") continue;
    const method = posts || hostile.random() < 0.3 ? "POST" : "GET";
    const init =
      method === "GET"
        ? {}
        : { method, body, headers: { origin: app.url, ...(type ? { "content-type": type } : {}) } };
    const who = route.startsWith("routes/_auth") || hostile.random() < 0.2 ? new HttpUser(app) : admin;
    await forgetTries();
    const what = `${method} ${address.slice(0, 200)} ${type ?? ""} ${String(body).slice(0, 300)}`;
    const { status, said } = await saidBy(
      who.get(address, { ...init, signal: AbortSignal.timeout(30_000) }),
      {
        what,
        // An answer that nobody writes is followed for ever.
        follows: route.endsWith("_.live"),
      },
    );
    const after = await counts();
    // Nobody answers here, and the health page says so.
    const failed = status >= 500 && path !== "/healthz";
    if (failed || (status >= 400 && !/[a-z]{3}/i.test(said))) wrong.push(`${status} ${what}`);
    if (status >= 400 && JSON.stringify(after) !== JSON.stringify(before))
      wrong.push(`stored: ${status} ${what}`);
    if (posts && status < 400) done++;
    before = after;
  }
  expect(wrong, `after ${played} calls`).toEqual([]);
  expect(done, "forms that got as far as being carried out").toBeGreaterThan(played / 20);
  expect(app.pid("web"), "the same process answers").toBe(webPid);
  expect((await admin.get("/settings")).status, "who asked is still signed in").toBe(200);
  expect(app.logs(5000)).not.toContain("request-failed");
}, 300_000);

/** As much of one kind of character as a body holds, and as a document does; a line break takes three bytes. */
const MUCH: [string, string][] = [
  ["digits", "1"],
  ["spaces", " "],
  ["line breaks", "\n"],
  ["dashes", "-"],
  ["letters", "a"],
].flatMap(([name = "", character = ""]) =>
  [character === "\n" ? 330_000 : 900_000, 99_000].map((times): [string, string] => [
    `${times} ${name}`,
    `x${character.repeat(times)}x`,
  ]),
);
/** One web server answers everybody: what it reckons on for longer, all wait for. */
const ANSWER_MS = 5_000;

test("S14, S15: every field of every form bears as much of one character as a body holds, and each answer comes soon", async () => {
  const slow: string[] = [];
  for (const { id: route, path, posts } of await addresses(app, admin)) {
    if (!posts) continue;
    const address = path.replace(":chatId", chatId).replace(":documentId", "1");
    for (const { fields = {} } of calls[route] ?? []) {
      const names = fields["intent"] === "delete" ? ["confirmation"] : Object.keys(fields);
      for (const name of names.filter((one) => one !== "intent" && one in fields)) {
        for (const [much, value] of MUCH) {
          await forgetTries();
          const who = route.startsWith("routes/_auth") ? new HttpUser(app) : admin;
          const began = performance.now();
          const what = `${much} as ${name} of ${fields["intent"] ?? "the form"} of ${route}`;
          try {
            const signal = AbortSignal.timeout(ANSWER_MS);
            const body = new URLSearchParams({ ...fields, [name]: value });
            const answer = await who.get(address, {
              method: "POST",
              body,
              headers: { origin: app.url },
              signal,
            });
            await answer.text();
            if (answer.status >= 500) slow.push(`${answer.status}: ${what}`);
          } catch {
            slow.push(`${Math.round(performance.now() - began)} ms: ${what}`);
            // A server that still reckons would make all the others slow.
            if (slow.length > 20) throw new Error(`too much is slow:\n${slow.join("\n")}`);
            app.kill9("web");
            const back = () =>
              admin.get("/settings").then(
                ({ ok }) => ok,
                () => false,
              );
            await eventually(back, { what: () => "the web server did not come back", ms: 30_000 });
          }
        }
      }
    }
  }
  expect(slow).toEqual([]);
  const began = performance.now();
  expect((await admin.get(`/chats/${chatId}`)).status).toBe(200);
  expect(performance.now() - began, "the page with what was taken of it").toBeLessThan(ANSWER_MS);
}, 600_000);

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
