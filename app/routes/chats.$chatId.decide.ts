import type { ActionFunctionArgs } from "@remix-run/node";
import { decideCall } from "#app/server/decide-call.server.ts";
import { requireOwnChatJson } from "#app/server/foreign-chat.server.ts";
import { readForm } from "#app/server/read-form.server.ts";

/** What is decided about calls of which several wait, for a page with scripts. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const chat = await requireOwnChatJson(request, params.chatId);
  const told = await decideCall(chat, await readForm(request));
  if ("redirectTo" in told) return Response.json({ done: true });
  return Response.json(told.body, { status: told.status });
}
