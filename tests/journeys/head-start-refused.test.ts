import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { HttpUser } from "../support/http-user.ts";
import { journeys, type Journey } from "../support/journey.ts";
import { logLines } from "../support/log-lines.ts";
import { question } from "../support/model-script.ts";

const { journey } = journeys({ HEAD_START: "on", LIMIT_TOKENS_PER_DAY: "1000" });

function post(user: HttpUser, text: string, chatId: string = randomUUID()): Promise<Response> {
  return user.post("/chats?index", { chatId, messageId: randomUUID(), text });
}

/** How often a model was asked ahead so far. */
const askedAhead = ({ app }: Journey): number =>
  logLines(app, "web.log").filter(
    ({ text }) => text.includes('"head-start"') && text.includes('"state":"asked"'),
  ).length;

async function askedOnce(journey: Journey, key: string): Promise<void> {
  await eventually(() => journey.model.askedFor(key).length === 1, {
    what: () => `asked ${journey.model.askedFor(key).length} times\n${journey.app.logs()}`,
    ms: 30_000,
  });
}

/** Sends it, and expects that neither the web server nor a run asks a model. */
async function refused(journey: Journey, user: HttpUser, status: number, chatId?: string): Promise<void> {
  const { text, key } = question("Not for you");
  const before = askedAhead(journey);
  expect((await post(user, text, chatId)).status).toBe(status);
  // What is asked ahead is asked before the answer of a later one.
  const other = await new HttpUser(journey.app).signUp();
  const later = question("For me");
  expect((await post(other, later.text)).status).toBe(302);
  await askedOnce(journey, later.key);
  expect(askedAhead(journey)).toBe(before + 1);
  expect(journey.model.askedFor(key)).toEqual([]);
}

journey("nothing is asked ahead for whoever is signed out", async (journey) => {
  await refused(journey, new HttpUser(journey.app), 302);
});

journey("nothing is asked ahead in somebody else's chat", async (journey) => {
  const owner = await new HttpUser(journey.app).signUp();
  const own = question("Mine");
  const chatId = randomUUID();
  expect((await post(owner, own.text, chatId)).status).toBe(302);
  await askedOnce(journey, own.key);
  await refused(journey, await new HttpUser(journey.app).signUp(), 404, chatId);
});

journey("nothing is asked ahead for whoever has used up a limit, or is disabled", async (journey) => {
  const { app } = journey;
  const newest = async () => {
    const [row] = await app.query<{ id: string }>(`SELECT id FROM "User" ORDER BY "createdAt" DESC LIMIT 1`);
    return row?.id;
  };
  const spent = await new HttpUser(app).signUp();
  await app.query(
    `INSERT INTO "Usage" (id, "userId", model, kind, "inputTokens", "outputTokens") VALUES ($1, $2, 'm', 'answer', 2000, 0)`,
    [randomUUID(), await newest()],
  );
  await refused(journey, spent, 429);
  const disabled = await new HttpUser(app).signUp();
  await app.query(`UPDATE "User" SET "disabledAt" = timezone('utc', now()) WHERE id = $1`, [await newest()]);
  await refused(journey, disabled, 302);
});

journey("the same message sent twice is asked once", async (journey) => {
  const user = await new HttpUser(journey.app).signUp();
  const { text, key } = question("Twice");
  const fields = { chatId: randomUUID(), messageId: randomUUID(), text };
  const before = askedAhead(journey);
  const sent = await Promise.all([user.post("/chats?index", fields), user.post("/chats?index", fields)]);
  expect(sent.map(({ status }) => status)).toEqual([302, 302]);
  const answered = async () =>
    (await journey.app.query(`SELECT 1 FROM "Message" WHERE "chatId" = $1`, [fields.chatId])).length === 2;
  await eventually(answered, { what: () => `not answered\n${journey.app.logs()}`, ms: 30_000 });
  expect(journey.model.askedFor(key)).toHaveLength(1);
  expect(askedAhead(journey)).toBe(before + 1);
});
