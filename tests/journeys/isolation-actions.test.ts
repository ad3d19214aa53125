import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { App } from "../support/app.ts";
import { HttpUser, storedRecords } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, newPerson, send, waitAnswered, waitReady } from "../support/page.ts";
import {
  addNamed,
  bodyOf,
  intentsUncalled,
  PROVIDER,
  signedOutCalls,
  soundCalls,
  type Named,
} from "../support/sound-calls.ts";
import { eventually } from "../support/eventually.ts";

const { journey } = journeys(PROVIDER);

type Route = { id: string; parentId?: string; path?: string; index?: boolean; hasAction: boolean };

/** Forms for whoever is signed out. They name nothing of anybody's. */
const SIGNED_OUT = new Set(Object.keys(signedOutCalls(newPerson())));

/** Everything that there is of the owner's, as it stands. */
async function rowsOf(app: App, { userId, chatId }: Named): Promise<Record<string, unknown>> {
  const columns = await app.query<{ table: string; column: string }>(
    `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name IN ('userId', 'createdById', 'usedById', 'chatId')`,
  );
  const where: [string, string, string][] = [
    ["User", "id", userId],
    ["ChatSession", "id", chatId],
    ...columns.map(
      ({ table, column }) =>
        [table, column, column === "chatId" ? chatId : userId] as [string, string, string],
    ),
  ];
  expect(where.length).toBeGreaterThan(20);
  const rows = await Promise.all(
    where.map(async ([table, column, value]) => {
      const found = await app.query<{ row: string }>(
        `SELECT t::text AS row FROM "${table}" t WHERE "${column}" = $1 ORDER BY 1`,
        [value],
      );
      return [`${table}.${column}`, found.map(({ row }) => row)] as const;
    }),
  );
  const input = await storedRecords(app, chatId, "in");
  return { ...Object.fromEntries(rows), input };
}

journey(
  "S1: no action of the manifest, and no intent, does for a stranger what it would do for the owner, and no row changes",
  async (journey) => {
    const { app, model, signedUp } = journey;
    const { page } = await signedUp();
    const { text, key } = question("Whose is this");
    model.answer(key, { text: "Ours." });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const asked = question("What waits here");
    const tool = { name: "fetchPage", input: { url: "https://bridges.example/ours" } };
    model.answer(asked.key, { tool, text: "Read." });
    await send(page, asked.text);
    await page.locator(".decision").waitFor();
    await waitReady(page);
    const cookies = await page.context().cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    const me = newPerson();
    const owned = await ownedBy(app, { chatId, me }, async (bytes) => {
      const headers = { cookie, origin: app.url, "x-file-name": "note.txt" };
      const answer = await fetch(`${app.url}/attachments`, { method: "POST", body: bytes, headers });
      return ((await answer.json()) as { file: { id: string } }).file.id;
    });

    const stranger = await new HttpUser(app).signUp();
    // Whoever changes their own settings, and deletes their own account in the end.
    const leaver = await new HttpUser(app).signUp(me);
    const routes = await page.evaluate(() => {
      const { __remixManifest } = window as unknown as { __remixManifest: { routes: Record<string, Route> } };
      return Object.values(__remixManifest.routes);
    });
    const calls = soundCalls(owned);
    const actions = routes.filter(({ id, hasAction }) => hasAction && !SIGNED_OUT.has(id));
    expect(
      actions.map(({ id }) => id).filter((id) => !calls[id]),
      "say in tests/support/sound-calls.ts what a sound call of it is",
    ).toEqual([]);
    expect(intentsUncalled(calls), "say in tests/support/sound-calls.ts what a sound form of it is").toEqual(
      [],
    );
    // The page of the owner is still there, and reads: what it marks as seen it has marked by now.
    await page.goto("about:blank");
    await eventually(() => app.runPids().size <= 1, { what: () => "a run goes on", ms: 30_000 });
    const before = await rowsOf(app, owned);
    const byId = new Map(routes.map((route) => [route.id, route]));
    const pathOf = (route: Route | undefined): string =>
      route ? [pathOf(byId.get(route.parentId ?? "")), route.path].filter(Boolean).join("/") : "";
    for (const route of actions) {
      const pattern = `/${pathOf(route)}`;
      const fill = (chat: string, file: string) =>
        pattern
          .replace(":chatId", chat)
          .replace(":attachmentId", file)
          .replace(":documentId", owned.documentId) + (route.index ? "?index" : "");
      const address = fill(chatId, owned.file);
      const who = route.id === "routes/settings" ? leaver : stranger;
      for (const call of calls[route.id] ?? []) {
        const { method = "POST", done } = call;
        const ask = (to: string) => who.get(to, { method, body: bodyOf(call), headers: { origin: app.url } });
        const what = `${method} ${pattern} ${call.fields?.["intent"] ?? ""}`;
        const answer = await ask(address);
        const said = await answer.text();
        expect(said, what).not.toContain(key);
        if (done) expect(`${answer.status} ${answer.headers.get("location")}`, what).toMatch(done);
        if (address.includes(chatId) || address.includes(owned.file)) {
          expect(answer.status, what).toBe(404);
          // Under a free id the session route makes a chat, so it cannot hide that one is taken.
          if (route.id !== "routes/chats.$chatId.session")
            expect((await ask(fill(randomUUID(), randomUUID()))).status, what).toBe(404);
        }
        expect(await rowsOf(app, owned), what).toEqual(before);
      }
    }
  },
);

/** The ids of what the owner of a chat has, with a document, a connected provider, an invite and a file added. */
async function ownedBy(
  app: App,
  { chatId, me }: Pick<Named, "chatId" | "me">,
  attach: (bytes: string) => Promise<string>,
): Promise<Named> {
  const [chat] = await app.query<{ userId: string; login: string }>(
    `SELECT c."userId", s.id AS login FROM "Chat" c JOIN "LoginSession" s ON s."userId" = c."userId" WHERE c.id = $1`,
    [chatId],
  );
  const messages = await app.query<{ id: string; waiting: string | null }>(
    `SELECT id, jsonb_path_query_first(message, '$.parts[*] ? (@.state == "approval-requested").toolCallId') #>> '{}' AS waiting
     FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
    [chatId],
  );
  const [asked, answer] = messages.map(({ id }) => id);
  const waiting = messages.at(-1)?.waiting;
  if (!chat || !asked || !answer || !waiting) throw new Error("the chat is not as it was made");
  const { userId, login } = chat;
  const added = await addNamed(app, { userId, chatId });
  const file = await attach("ours");
  return { userId, chatId, asked, answer, waiting, file, login, me, ...added };
}
