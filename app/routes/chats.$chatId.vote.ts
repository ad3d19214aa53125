import type { ActionFunctionArgs } from "@remix-run/node";
import { requireOwnChatJson } from "#app/server/foreign-chat.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { giveVote } from "#app/server/votes.server.ts";

/** What the owner thinks of an answer, for a page with scripts. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const chat = await requireOwnChatJson(request, params.chatId);
  const told = await giveVote(chat, await readForm(request));
  return Response.json(told.body, { status: told.status });
}
