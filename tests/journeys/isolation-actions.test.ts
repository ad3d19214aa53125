import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { App } from "../support/app.ts";
import { HttpUser, storedRecords } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";
import { chatIdOf, send, waitAnswered } from "../support/page.ts";
import { eventually } from "../support/eventually.ts";

const { journey } = journeys();

/** What of the owner's the forms name. */
type Owned = {
  userId: string;
  chatId: string;
  asked: string;
  answer: string;
  file: string;
  login: string;
};
type Call = { fields?: Record<string, string>; method?: string; body?: string };
type Route = { id: string; parentId?: string; path?: string; index?: boolean; hasAction: boolean };

const intents = (...all: (Record<string, string> & { intent: string })[]): Call[] =>
  all.map((fields) => ({ fields }));

/** Calls that the route would carry out for its owner, by route: a new action is not forgotten here. */
const CALLS: Record<string, (owned: Owned) => Call[]> = {
  "routes/chats.$chatId": ({ asked, answer }) =>
    intents(
      { intent: "rename", title: "taken over" },
      { intent: "model", model: "openai-compatible:scripted" },
      { intent: "words", systemPrompt: "Obey the stranger.", temperature: "1" },
      { intent: "vote", target: answer, vote: "up" },
      { intent: "fork", target: answer, forkId: randomUUID() },
      { intent: "show", target: answer },
      { intent: "undo" },
      { intent: "restore" },
      { intent: "edit", target: asked, text: "edited", messageId: randomUUID() },
      { intent: "again", target: answer },
      { intent: "withdraw", target: asked },
      { intent: "steer", target: asked },
      { intent: "revise", target: asked, text: "revised", messageId: randomUUID() },
      { intent: "send", text: "sent by a stranger", messageId: randomUUID() },
      { intent: "stop" },
      { intent: "delete" },
    ),
  "routes/chats.$chatId.queue": ({ asked }) =>
    intents(
      { intent: "withdraw", target: asked },
      { intent: "steer", target: asked },
      { intent: "revise", target: asked, text: "revised", messageId: randomUUID() },
    ),
  "routes/chats.$chatId.seen": () => [{ fields: { eventId: "99999" } }],
  "routes/chats.$chatId.session": () => [{ fields: {} }],
  "routes/chats.$chatId.token": () => [{ fields: {} }],
  "routes/chats.$chatId.vote": ({ answer }) => [{ fields: { target: answer, vote: "down" } }],
  "routes/chats.$chatId.documents.$documentId": () => [
    { fields: { editId: randomUUID(), base: "1", title: "Mine", text: "mine now" } },
  ],
  "routes/attachments.$attachmentId": () => [{ method: "DELETE" }],
  "routes/chats._index": ({ chatId }) => [
    { fields: { chatId, messageId: randomUUID(), text: "into a taken chat" } },
  ],
  "routes/attachments": () => [{ body: "a stranger's own file" }],
  "routes/settings": ({ login }) => intents({ intent: "end-sign-in", id: login }),
  "routes/admin": ({ userId }) =>
    intents(
      { intent: "disable", id: userId },
      { intent: "make-member", id: userId },
      { intent: "make-admin", id: userId },
      { intent: "invite" },
    ),
  "routes/settings.import": ({ chatId }) => [
    { fields: { file: JSON.stringify({ chats: [{ id: chatId }] }) } },
  ],
  // For whoever is signed out, and named by nothing of anybody's.
  "routes/_auth.login": () => [],
  "routes/_auth.signup": () => [],
  "routes/_auth.forgot": () => [],
  "routes/_auth.reset": () => [],
  "routes/_auth.email": () => [],
  "routes/auth.$provider": () => [],
  "routes/auth.$provider_.connect": () => [],
  "routes/logout": () => [],
};

/** Everything that there is of the owner's, as it stands. */
async function rowsOf(app: App, { userId, chatId }: Owned): Promise<Record<string, unknown>> {
  const where: [string, string, string][] = [
    ["User", "id", userId],
    ["LoginSession", "userId", userId],
    ["Identity", "userId", userId],
    ["Invite", "createdById", userId],
    ["Attachment", "userId", userId],
    ["Chat", "userId", userId],
    ["Message", "chatId", chatId],
    ["ChatSession", "id", chatId],
    ["Vote", "chatId", chatId],
    ["QueuedInput", "chatId", chatId],
    ["MessageFile", "chatId", chatId],
    ["Document", "chatId", chatId],
    ["DocumentVersion", "chatId", chatId],
    ["Usage", "chatId", chatId],
    ["Turn", "chatId", chatId],
  ];
  const rows = await Promise.all(
    where.map(async ([table, column, value]) => {
      const found = await app.query<{ row: string }>(
        `SELECT t::text AS row FROM "${table}" t WHERE "${column}" = $1 ORDER BY 1`,
        [value],
      );
      return [table, found.map(({ row }) => row)] as const;
    }),
  );
  const input = await storedRecords(app, chatId, "in");
  return { ...Object.fromEntries(rows), input };
}

journey(
  "S1: no action of the manifest does for a stranger what it would do for the owner, and no row changes",
  async (journey) => {
    const { app, model, signedUp } = journey;
    const { page } = await signedUp();
    const { text, key } = question("Whose is this");
    model.answer(key, { text: "Ours." });
    await send(page, text);
    const chatId = await chatIdOf(page);
    await waitAnswered(page, 1);
    const cookies = await page.context().cookies();
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    const owned = await ownedBy(app, chatId, async (bytes) => {
      const headers = { cookie, origin: app.url, "x-file-name": "note.txt" };
      const answer = await fetch(`${app.url}/attachments`, { method: "POST", body: bytes, headers });
      return ((await answer.json()) as { file: { id: string } }).file.id;
    });

    const stranger = await new HttpUser(app).signUp();
    const routes = await page.evaluate(() => {
      const { __remixManifest } = window as unknown as { __remixManifest: { routes: Record<string, Route> } };
      return Object.values(__remixManifest.routes);
    });
    const actions = routes.filter(({ hasAction }) => hasAction);
    expect(
      actions.map(({ id }) => id).filter((id) => !CALLS[id]),
      "say what a sound call of it is",
    ).toEqual([]);
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
        pattern.replace(":chatId", chat).replace(":attachmentId", file).replace(":documentId", "1") +
        (route.index ? "?index" : "");
      const address = fill(chatId, owned.file);
      for (const { fields, method = "POST", body } of CALLS[route.id]?.(owned) ?? []) {
        const ask = (to: string) =>
          stranger.get(to, {
            method,
            body: fields ? new URLSearchParams(fields) : body,
            headers: { origin: app.url },
          });
        const what = `${method} ${pattern} ${fields?.intent ?? ""}`;
        const answer = await ask(address);
        const said = await answer.text();
        expect(said, what).not.toContain(key);
        if (address.includes(chatId) || address.includes(owned.file)) {
          expect(answer.status, what).toBe(404);
          // Under a free id the session route makes a chat, so it cannot hide that one is taken.
          if (route.id === "routes/chats.$chatId.session") continue;
          expect((await ask(fill(randomUUID(), randomUUID()))).status, what).toBe(404);
        }
        expect(await rowsOf(app, owned), what).toEqual(before);
      }
    }
  },
);

/** The ids of what the owner of a chat has, with a file and a document added. */
async function ownedBy(app: App, chatId: string, attach: (bytes: string) => Promise<string>): Promise<Owned> {
  const [chat] = await app.query<{ userId: string; login: string }>(
    `SELECT c."userId", s.id AS login FROM "Chat" c JOIN "LoginSession" s ON s."userId" = c."userId" WHERE c.id = $1`,
    [chatId],
  );
  const messages = await app.query<{ id: string }>(
    `SELECT id FROM "Message" WHERE "chatId" = $1 ORDER BY position`,
    [chatId],
  );
  await app.query(`INSERT INTO "Document" ("chatId", "id", "kind") VALUES ($1, '1', 'html')`, [chatId]);
  await app.query(
    `INSERT INTO "DocumentVersion" ("chatId", "documentId", "number", "title", "text", "author", "callId", "digest")
     VALUES ($1, '1', 1, 'Ours', 'ours', 'model', 'call', 'digest')`,
    [chatId],
  );
  const [asked, answer] = messages.map(({ id }) => id);
  const { userId = "", login = "" } = chat ?? {};
  return { userId, chatId, asked: asked ?? "", answer: answer ?? "", file: await attach("ours"), login };
}
