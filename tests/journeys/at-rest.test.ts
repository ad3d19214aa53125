import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApp, type App } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { HttpUser, storedRecords } from "../support/http-user.ts";
import { startScriptedModel, type ScriptedModel } from "../support/scripted-model.ts";
import { Talker } from "../support/talker.ts";
import { scanFor, scanForWord, type Found } from "../support/word-scan.ts";

let app: App;
let model: ScriptedModel;
let temporary: string;
let titleWord = "";

beforeAll(async () => {
  temporary = mkdtempSync(path.join(tmpdir(), "longrun-scan-"));
  model = await startScriptedModel(() => `A title ${titleWord}`);
  app = await startApp({
    env: { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl, TMPDIR: temporary, LONGRUN_CANARY: CANARY },
  });
});
afterAll(async () => {
  await app?.stop();
  await model?.stop();
  rmSync(temporary, { recursive: true, force: true });
});

const CANARY = `canary${randomBytes(6).toString("hex")}`;
const scan = (mark: string): Promise<Found[]> => scanForWord(app, mark, [app.dataDir, temporary]);
function fullChatOf(talker: Talker): Promise<string> {
  titleWord = `${talker.mark}title`;
  return talker.fullChat();
}

const placesOf = (found: Found[]): Set<string> => new Set(found.map(({ place }) => place));

/** What `npm start` keeps to itself. */
function secretsOf(dataDir: string): string[] {
  const names = ["session-secret", "trigger-secret-key", "trigger-access-token", "database-url"];
  return names.map((name) => readFileSync(path.join(dataDir, name), "utf8").trim());
}

/** Why no words of a person stand in a column; each by a pattern of `Table.column`. */
const WITHOUT_WORDS: Record<string, RegExp> = {
  "an id": /\.(id|\w+Id|subject)$/,
  "a hash": /\.(passwordHash|tokenHash|sha256|digest)$|^ThrottleWindow\.key$/,
  "one of our own words": /\.(role|kind|state|tool|author|value|mediaType|issuer|final)$/,
  "the name of a model": /\.(model|defaultModel|lastModel)$/,
  sealed: /^ChatSession\.publicAccessToken$/,
  "the runtime's record": /^Chat\.state$/,
  "an address of the network": /^LoginSession\.ip$/,
  "of no person": /^_prisma_migrations\./,
};
const OF_ACCOUNTS = { "goes with the account": /^(User|LoginSession|Identity|EmailChange)\./ };

/** The columns of schema public that might hold words and held none, without a reason for it. */
async function unmarkedColumns(found: Set<string>, more: Record<string, RegExp>): Promise<string[]> {
  const columns = await app.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea') ORDER BY 1`,
  );
  expect(columns.length).toBeGreaterThan(50);
  const reasons = Object.values({ ...WITHOUT_WORDS, ...more });
  return columns
    .map(({ name }) => name)
    .filter((name) => !found.has(`public.${name}`) && !reasons.some((reason) => reason.test(name)));
}

/** Nothing is left, and nothing comes back from a run that was still at work. */
async function noneLeft(mark: string): Promise<void> {
  let found: Found[] = [];
  const gone = async (): Promise<boolean> => (found = await scan(mark)).length === 0;
  await eventually(gone, { what: () => JSON.stringify(found, null, 1), ms: 20_000, everyMs: 500 });
  await eventually(() => app.runPids().size === 0, { what: () => "a run goes on", ms: 30_000 });
  expect(await scan(mark)).toEqual([]);
}

test("S12: no token lies in clear in any column or file while the chat goes on, and its stream gives it out", async () => {
  const talker = new Talker(app, model);
  await talker.user.signUp(talker.person);
  const chatId = await fullChatOf(talker);
  const token = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/;
  const handed = await storedRecords(app, chatId, "out");
  expect(handed.flatMap(({ headers }) => headers).filter(([, value]) => token.test(value))).not.toEqual([]);
  const login = talker.user.cookieHeader().split("=")[1] ?? "";
  expect(login.length).toBeGreaterThan(20);
  const folders = [app.dataDir, temporary];
  expect(await scanFor(app, [token.source, login.replace(/[.*+?^$()|]/g, "\\$&")], folders)).toEqual([]);
});

test("S28: the model is told nothing of the environment, the secrets or other people", async () => {
  const [other, talker] = [new Talker(app, model), new Talker(app, model)];
  await other.user.signUp(other.person);
  await fullChatOf(other);
  await talker.user.signUp(talker.person);
  const before = model.turns.length + model.sideRequests.length;
  await fullChatOf(talker);
  const [turns, side] = [model.turns, model.sideRequests];
  expect(turns.length + side.length).toBeGreaterThan(before + 6);
  const told = (asked: (typeof turns)[number]) => JSON.stringify(asked.request);
  const ofTalker = [...turns.map(told), ...side.map((request) => JSON.stringify(request))].filter((text) =>
    text.includes(talker.mark),
  );
  expect(ofTalker.length).toBeGreaterThan(6);
  for (const request of ofTalker) {
    expect(request).not.toContain(other.mark);
    expect(request).not.toMatch(new RegExp(`${talker.mark}(name|mail|-password)`));
    expect(request).not.toContain(app.dataDir);
    for (const secret of [CANARY, ...secretsOf(app.dataDir)]) expect(request).not.toContain(secret);
  }
});

test("S27: a deleted chat leaves none of its words in any column or file, an open answer's neither", async () => {
  const talker = new Talker(app, model);
  const plain = { name: "Ada", email: `${randomUUID()}@example.org`, password: "nine brown mackerels" };
  await talker.user.signUp(plain);
  const chatId = await fullChatOf(talker);
  const fork = await talker.fork(chatId);
  const openChat = await talker.openChat();
  const found = await scan(talker.mark);
  expect(await unmarkedColumns(placesOf(found), OF_ACCOUNTS)).toEqual([]);
  expect([...placesOf(found)]).toContain("local_trigger.stream_records.body");
  expect(
    [...placesOf(found)].filter((place) => place.startsWith("attachments")),
    "its bytes",
  ).toHaveLength(1);
  for (const id of [chatId, fork, openChat]) {
    expect((await talker.user.post(`/chats/${id}`, { intent: "delete" })).status).toBe(302);
  }
  await noneLeft(talker.mark);
});

test("S27: a deleted account leaves none of its person's words in any column or file", async () => {
  const talker = new Talker(app, model);
  await talker.user.signUp(talker.person);
  await new HttpUser(app).post("/login", { email: talker.person.email, password: `${talker.mark}-wrong` });
  await fullChatOf(talker);
  await talker.openChat();
  await app.query(
    `INSERT INTO "Identity" ("issuer", "subject", "userId", "label")
     SELECT 'https://id.example', id, id, $1 FROM "User" WHERE email = $2`,
    [`${talker.mark}label`, talker.person.email],
  );
  const browser = { "user-agent": `${talker.mark}browser` };
  await talker.user.post("/login", { email: talker.person.email, password: talker.person.password }, browser);
  await app.query(
    `INSERT INTO "EmailChange" ("userId", "email", "tokenHash", "expiresAt")
     SELECT id, $1, id, now() FROM "User" WHERE email = $2`,
    [`${talker.mark}new@example.org`, talker.person.email],
  );
  expect(await unmarkedColumns(placesOf(await scan(talker.mark)), {})).toEqual([]);
  const { password: deletePassword, email: confirmation } = talker.person;
  const response = await talker.user.post("/settings", { intent: "delete", deletePassword, confirmation });
  expect(response.headers.get("location")).toContain("/login");
  await noneLeft(talker.mark);
});

test("S24: no secret is in what npm start prints, nor in any log", async () => {
  const secrets = secretsOf(app.dataDir);
  const password = new URL(secrets.pop() ?? "").password;
  expect(password.length).toBeGreaterThan(15);
  const printed = app.output + app.logs(1_000_000);
  for (const secret of [...secrets, password]) {
    expect(printed).not.toContain(secret);
    expect(await scanForWord(app, secret, [path.join(app.dataDir, "logs")])).toEqual([]);
  }
});
