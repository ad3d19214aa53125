import { randomUUID } from "node:crypto";
import { INTENTS } from "#app/server/intents.ts";
import type { App } from "./app.ts";
import type { Person } from "./page.ts";

/** A call that an action carries out when it comes from whom it belongs to. */
export type SoundCall = {
  fields?: Record<string, string>;
  /** Comes along with the fields, in a form with files. */
  file?: { field: string; name: string; text: string };
  method?: string;
  body?: string;
  /** Status and place of the answer to whoever asks for themselves, where it is carried out for anybody. */
  done?: RegExp;
};

/** What the calls are about. */
export type Named = {
  userId: string;
  chatId: string;
  /** A message and its answer. */
  asked: string;
  answer: string;
  /** A call in the last answer that waits for approval. */
  waiting: string;
  documentId: string;
  file: string;
  login: string;
  invite: string;
  /** A provider that signs people in. */
  provider: string;
  /** Whoever asks. */
  me: Person;
};

const intents = (...all: (Record<string, string> & { intent: string })[]): SoundCall[] =>
  all.map((fields) => ({ fields }));

const message = (text: string) => ({ text, messageId: randomUUID() });

/** Sound calls of every action for people who are signed in, by route. A new action is not forgotten here. */
export function soundCalls(named: Named): Record<string, SoundCall[]> {
  const { userId, chatId, asked, answer, waiting, file, login, invite, provider, me } = named;
  const queued = intents(
    { intent: "withdraw", target: asked },
    { intent: "steer", target: asked },
    { intent: "revise", target: asked, ...message("revised") },
  );
  return {
    "routes/chats.$chatId": [
      ...queued,
      ...intents(
        { intent: "decide", target: waiting, decision: "approve" },
        { intent: "decide", target: waiting, decision: "deny", reason: "No." },
        { intent: "decide", target: waiting, answer: "Blue" },
        { intent: "decide", decision: "send" },
        { intent: "rename", title: "taken over" },
        { intent: "model", model: "demo:demo" },
        { intent: "words", systemPrompt: "Obey the stranger.", temperature: "1", secondLook: "on" },
        { intent: "vote", target: answer, vote: "up" },
        { intent: "fork", target: answer, forkId: randomUUID() },
        { intent: "show", target: answer },
        { intent: "undo" },
        { intent: "restore" },
        { intent: "edit", target: asked, ...message("edited") },
        { intent: "again", target: answer },
        { intent: "send", ...message("sent by a stranger"), attachment: file },
        { intent: "stop" },
        { intent: "delete" },
      ),
    ],
    "routes/chats.$chatId.decide": [
      { fields: { target: waiting, decision: "approve" } },
      { fields: { target: "", decision: "send" } },
    ],
    "routes/chats.$chatId.queue": queued,
    "routes/chats.$chatId.seen": [{ fields: { eventId: "99999" } }],
    "routes/chats.$chatId.session": [{ fields: {} }],
    "routes/chats.$chatId.token": [{ fields: {} }],
    "routes/chats.$chatId.vote": [{ fields: { target: answer, vote: "down" } }],
    "routes/chats.$chatId.documents.$documentId": [
      { fields: { editId: randomUUID(), base: "1", title: "Mine", text: "mine now" } },
    ],
    "routes/attachments.$attachmentId": [{ method: "DELETE" }],
    "routes/chats._index": [{ fields: { chatId, ...message("into a taken chat"), model: "demo:demo" } }],
    "routes/attachments": [{ body: "a stranger's own file", done: /^201/ }],
    "routes/settings": [
      { fields: { intent: "profile", name: "Grace" }, done: /saved=profile/ },
      { fields: { intent: "model", defaultModel: "demo:demo" }, done: /saved=model/ },
      { fields: { intent: "theme", theme: "dark", redirectTo: "/settings" }, done: /^302 \/settings/ },
      {
        fields: { intent: "email", newEmail: `${randomUUID()}@example.org`, emailPassword: me.password },
        done: /saved=email-asked/,
      },
      {
        fields: { intent: "connect", provider, connectPassword: me.password },
        done: /^302 \/auth\/\w+\/connect/,
      },
      { fields: { intent: "disconnect", provider }, done: /saved=disconnected/ },
      { fields: { intent: "end-sign-in", id: login }, done: /saved=sign-ins/ },
      { fields: { intent: "end-others" }, done: /saved=sign-ins/ },
      {
        fields: { intent: "password", currentPassword: me.password, newPassword: me.password },
        done: /saved=password/,
      },
      {
        fields: { intent: "delete", confirmation: me.email, deletePassword: me.password },
        done: /^302 \/login/,
      },
    ],
    "routes/admin": intents(
      { intent: "disable", id: userId },
      { intent: "enable", id: userId },
      { intent: "make-member", id: userId },
      { intent: "make-admin", id: userId },
      { intent: "revoke", id: invite },
      { intent: "invite" },
    ),
    "routes/settings.import": [
      {
        fields: {},
        file: { field: "file", name: "chats.json", text: exported(named) },
        done: /^302 \/chats\/[0-9a-f-]{36}$/,
      },
    ],
    "routes/logout": [],
  };
}

/** The forms for whoever is signed out, which name nothing of anybody's but an address. */
export const signedOutCalls = (me: Person): Record<string, SoundCall[]> => ({
  "routes/_auth.login": [{ fields: { email: me.email, password: me.password, redirectTo: "/chats" } }],
  "routes/_auth.signup": [
    { fields: { ...me, email: `${randomUUID()}@example.org`, invite: "", redirectTo: "/chats" } },
  ],
  "routes/_auth.forgot": [{ fields: { email: me.email } }],
  "routes/_auth.reset": [{ fields: { token: "no link's", newPassword: me.password } }],
  "routes/_auth.email": [{ fields: { token: "no link's" } }],
});

/** Adds a document, an open invite and a connected provider to what a person has, and gives what names them. */
export async function addNamed(
  app: App,
  { userId, chatId }: Pick<Named, "userId" | "chatId">,
): Promise<Pick<Named, "documentId" | "invite" | "provider">> {
  await app.query(`INSERT INTO "Document" ("chatId", "id", "kind") VALUES ($1, '1', 'html')`, [chatId]);
  await app.query(
    `INSERT INTO "DocumentVersion" ("chatId", "documentId", "number", "title", "text", "author", "callId", "digest")
     VALUES ($1, '1', 1, 'Ours', 'ours', 'model', 'call', 'digest')`,
    [chatId],
  );
  await app.query(
    `INSERT INTO "Identity" ("issuer", "subject", "userId", "label")
     VALUES ('https://github.com/login/oauth', $1, $1, 'ours')`,
    [userId],
  );
  const invite = randomUUID();
  await app.query(
    `INSERT INTO "Invite" (id, "tokenHash", "createdById", "expiresAt")
     VALUES ($1, $1, $2, now() + interval '1 day')`,
    [invite, userId],
  );
  return { documentId: "1", invite, provider: "github" };
}

/** What the application is told for the provider to be there. */
export const PROVIDER = { GITHUB_CLIENT_ID: "a-client", GITHUB_CLIENT_SECRET: "a-secret" };

/** A file of exported chats that says it was this one. */
function exported({ chatId, asked, answer }: Named): string {
  const part = (text: string) => [{ type: "text", text }];
  const messages = [
    { id: asked, role: "user", parts: part("mine"), parentId: "" },
    { id: answer, role: "assistant", parts: part("mine too"), parentId: asked },
  ];
  return JSON.stringify({ chats: [{ id: chatId, title: "Mine", headMessageId: answer, messages }] });
}

/** Intents that an action knows and that no call of these has, and the other way round. */
export function intentsUncalled(calls: Record<string, SoundCall[]>): string[] {
  return Object.entries(INTENTS).flatMap(([route, known]) => {
    const called = new Set((calls[route] ?? []).map(({ fields }) => fields?.["intent"]));
    const missing = known.filter((intent) => !called.has(intent));
    const unknown = [...called].filter((intent) => !known.some((one) => one === intent));
    return [...missing, ...unknown].map((intent) => `${intent} of ${route}`);
  });
}

/** The body as a browser sends it. */
export function bodyOf({ fields, file, body }: SoundCall): BodyInit | undefined {
  if (!file) return fields ? new URLSearchParams(fields) : body;
  const form = new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) form.set(name, value);
  form.set(file.field, new Blob([file.text], { type: "application/json" }), file.name);
  return form;
}
