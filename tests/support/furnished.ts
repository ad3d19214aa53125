import { randomUUID } from "node:crypto";
import type { App } from "./app.ts";
import { HttpUser } from "./http-user.ts";
import { newPerson, type Person } from "./page.ts";
import { addNamed, type Named } from "./sound-calls.ts";

type ManifestRoute = { id: string; parentId?: string; path?: string; index?: boolean; hasAction: boolean };

export type Address = { id: string; path: string; posts: boolean };

/** Every address that Remix's own manifest has, and whether something can be posted there. */
export async function addresses(app: App, signedIn: HttpUser): Promise<Address[]> {
  const page = await (await new HttpUser(app).get("/login")).text();
  const file = /\/assets\/manifest-[\w-]+\.js/.exec(page)?.[0] ?? "";
  const source = await (await signedIn.get(file)).text();
  const manifest = JSON.parse(source.slice(source.indexOf("{"), source.lastIndexOf("}") + 1)) as {
    routes: Record<string, ManifestRoute>;
  };
  const { routes } = manifest;
  const pathOf = (route: ManifestRoute | undefined): string =>
    route ? [pathOf(routes[route.parentId ?? ""]), route.path].filter(Boolean).join("/") : "";
  return Object.values(routes).map((route) => {
    const path = `/${pathOf(route)}`;
    return {
      id: route.id,
      path: path + (route.index && path !== "/" ? "?index" : ""),
      posts: route.hasAction,
    };
  });
}

/** A question, its answer and a call that waits in the admin's chat, and another account to do things to. */
export async function furnished(app: App, admin: HttpUser, me: Person): Promise<Named> {
  const { chatId } = await admin.newChat();
  const other = newPerson();
  await new HttpUser(app).signUp(other);
  const [ids] = await app.query<{ own: string; userId: string; login: string }>(
    `SELECT c."userId" AS own, u.id AS "userId", s.id AS login FROM "Chat" c, "User" u
     JOIN "LoginSession" s ON s."userId" = u.id WHERE c.id = $1 AND u.email = $2`,
    [chatId, other.email],
  );
  if (!ids) throw new Error("the accounts are not there");
  const { own, userId, login } = ids;
  const [asked, answer, last] = [randomUUID(), randomUUID(), randomUUID()];
  const call = { type: "tool-fetchPage", toolCallId: "call-1", input: { url: "https://bridges.example/" } };
  const waits = { ...call, state: "approval-requested", approval: { id: "approval-1" } };
  const messages = [
    { id: asked, role: "user", parts: [{ type: "text", text: "Ask" }] },
    { id: answer, role: "assistant", parts: [{ type: "text", text: "Answer" }] },
    { id: randomUUID(), role: "user", parts: [{ type: "text", text: "Read it" }] },
    { id: last, role: "assistant", parts: [waits] },
  ];
  for (const [position, message] of messages.entries())
    await app.query(`INSERT INTO "Message" ("chatId", id, position, message) VALUES ($1, $2, $3, $4)`, [
      chatId,
      message.id,
      position,
      JSON.stringify(message),
    ]);
  const added = await addNamed(app, { userId: own, chatId });
  const uploaded = await admin.get("/attachments", {
    method: "POST",
    body: "a note",
    headers: { origin: app.url, "x-file-name": "note.txt" },
  });
  const { file } = (await uploaded.json()) as { file: { id: string } };
  return { userId, chatId, asked, answer, waiting: "call-1", file: file.id, login, me, ...added };
}
